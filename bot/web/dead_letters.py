"""/api/dead-letters: what is not tried any more, trying it again, and dropping it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from adapters.api import Problem
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.addresses import address_of
from bot.bot import Bot
from bot.dead_letters import GoneOn, try_again
from bot.web.admins import Admin
from sessions.dead_letters import DeadLetter

NONE = "There is no such dead letter."
LARGEST_PAGE = 200


@dataclass(frozen=True)
class DeadLetterView:
    """A message that is not tried any more."""

    id: str
    role: Annotated[
        Literal["user", "assistant"],
        Field(description="`user`: nobody answered it. `assistant`: nobody was shown it."),
    ]
    person: Annotated[str, Field(description="Who wrote it, or was to get it.")]
    chat_id: str
    created_at: datetime
    died_at: datetime
    attempts: int
    reason: str
    text: str


@dataclass(frozen=True)
class DeadLetterPage:
    """Dead letters, the one that died last first."""

    items: Sequence[DeadLetterView]
    next: Annotated[str | None, Field(description="`after` for the next page; null: the last.")]


def dead_letter_routes(bot: Bot) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api/dead-letters", tags=["operation"])
    dead = bot.conversations.dead

    @router.get(
        "",
        summary="List the dead letters",
        responses={
            200: {"model": DeadLetterPage, "description": "A page."},
            **documented(401, 403, 422, 500),
        },
    )
    async def list_dead(
        _caller: Admin,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
        after: Annotated[
            str, Query(pattern=r"^(\d{1,18}-\d{1,18})?$", description="`next` of the page before.")
        ] = "",
    ) -> Response:
        found = await dead.all(after=after, limit=limit + 1)
        more = found[limit - 1].position if len(found) > limit else None
        return JsonResponse(DeadLetterPage(list(map(_view, found[:limit])), more))

    @router.post(
        "/{message_id}/retry",
        summary="Try a dead letter again",
        description="A person's message is answered, a message of the bot is shown.",
        status_code=202,
        responses={
            202: {"description": "It has begun."},
            **documented(401, 403, 404, 409, 500),
        },
    )
    async def retry(message_id: str, _caller: Admin) -> Response:
        letter = await dead.get(message_id)
        try:
            begun = letter is not None and await try_again(bot, letter)
        except GoneOn as gone_on:
            raise Problem(409, str(gone_on)) from gone_on
        if not begun:
            raise Problem(404, NONE)
        return Response(status_code=202)

    @router.delete(
        "/{message_id}",
        summary="Drop a dead letter",
        description="It is listed no more; its message stays `dead`.",
        status_code=204,
        responses={204: {"description": "It is gone."}, **documented(401, 403, 404, 500)},
    )
    async def drop(message_id: str, _caller: Admin) -> Response:
        if not await dead.drop(message_id):
            raise Problem(404, NONE)
        return Response(status_code=204)

    return router


def _view(letter: DeadLetter) -> DeadLetterView:
    row = letter.message
    return DeadLetterView(
        row.id,
        row.role,
        address_of(row.place).person,
        row.place.chat_id,
        row.created_at,
        letter.died_at,
        row.attempts,
        letter.reason,
        row.text,
    )
