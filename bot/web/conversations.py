"""/api/conversations: looking through them, reading one, naming and tagging it."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BeforeValidator

from adapters.api import Caller, Problem
from adapters.api.caller import caller_of
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.web.conversation_views import (
    ConversationPage,
    ConversationView,
    NamingBody,
    SaidPage,
    conversation_view,
    said_view,
)
from bot.web.owners import Owner, may_see, owners_of
from sessions.models import Conversation
from sessions.shelf import Wanted
from sessions.times import loaded, stored

LARGEST_PAGE = 200
LARGEST_NUMBER = 2**63 - 1
POSITION = r"^([0-9]{1,17}-.{0,100})?$"
NONE = "There is no such conversation."


def _as_text(written: object) -> object:
    if isinstance(written, str) and not re.match(r"\d{4}-\d\d-\d\d[Tt ]", written):
        raise ValueError("write a time such as 2026-11-21T12:00:00Z")
    return written


Time = Annotated[AwareDatetime, BeforeValidator(_as_text)]


def conversation_routes(bot: Bot) -> APIRouter:
    """Make the routes. An app key sees the conversations of its own people."""
    router = APIRouter(prefix="/api/conversations", tags=["conversations"])
    seen = seeing(bot)

    @router.get(
        "",
        summary="List conversations",
        description=(
            "The one that was used last first, in pages. `since` and `until` are about when "
            "something was said there last."
        ),
        responses={
            200: {"model": ConversationPage, "description": "A page."},
            **documented(401, 403, 422, 500),
        },
    )
    async def list_conversations(  # noqa: PLR0917 - each is a part of the request
        caller: Annotated[Caller, Depends(caller_of)],
        owner: Owner,
        tag: Annotated[str, Query(max_length=30, description="Only with this tag.")] = "",
        since: Annotated[Time | None, Query()] = None,
        until: Annotated[Time | None, Query()] = None,
        after: Annotated[str, Query(pattern=POSITION, description="`next` of a page.")] = "",
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    ) -> Response:
        wanted = Wanted(owner, owners_of(caller), tag, since, until)
        before = _position(after) if after else None
        found = await bot.library.shelf.page(wanted, before=before, limit=limit + 1)
        page = found[:limit]
        more = _position_of(page[-1]) if len(found) > limit else None
        return JsonResponse(ConversationPage([conversation_view(each) for each in page], more))

    @router.get(
        "/{conversation_id}",
        summary="Show a conversation",
        responses={
            200: {"model": ConversationView, "description": "The conversation."},
            **documented(401, 403, 404, 500),
        },
    )
    async def show_conversation(found: Annotated[Conversation, Depends(seen)]) -> Response:
        return JsonResponse(conversation_view(found))

    @router.get(
        "/{conversation_id}/messages",
        summary="Read a conversation",
        description="What was said in it, in order, in pages; commands are among it.",
        responses={
            200: {"model": SaidPage, "description": "A page."},
            **documented(401, 403, 404, 422, 500),
        },
    )
    async def read_messages(
        found: Annotated[Conversation, Depends(seen)],
        after: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    ) -> Response:
        rows = await bot.library.shelf.messages(found.id, after=after, limit=limit + 1)
        page = rows[:limit]
        more = page[-1].number if len(rows) > limit else None
        return JsonResponse(SaidPage([said_view(each) for each in page], more))

    @router.patch(
        "/{conversation_id}",
        summary="Name or tag a conversation",
        responses={
            200: {"model": ConversationView, "description": "The conversation as it is now."},
            **documented(401, 403, 404, 422, 500, 503),
        },
    )
    async def change_conversation(
        body: NamingBody, found: Annotated[Conversation, Depends(seen)]
    ) -> Response:
        after: Conversation | None = found
        if body.title is not None:
            after = await bot.library.shelf.name(found.id, body.title)
        if body.tags is not None:
            after = await bot.library.shelf.set_tags(found.id, body.tags)
        if after is None:
            raise Problem(404, NONE)  # it was deleted meanwhile
        return JsonResponse(conversation_view(after))

    return router


def seeing(bot: Bot) -> Callable[..., Awaitable[Conversation]]:
    """Make what finds the conversation of a request, if its caller may see it."""

    async def seen(
        conversation_id: str, caller: Annotated[Caller, Depends(caller_of)]
    ) -> Conversation:
        found = await bot.library.shelf.get(conversation_id)
        if found is None or not may_see(caller, found):
            raise Problem(404, NONE)
        return found

    return seen


def _position_of(found: Conversation) -> str:
    return f"{stored(found.updated_at)}-{found.id}"


def _position(written: str) -> Conversation:
    """Read where a page ended: when the last one was used, and its id."""
    at, _, conversation = written.partition("-")
    when = loaded(int(at))
    return Conversation(conversation, "", "", when, when)
