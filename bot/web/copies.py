"""POST /api/conversations/{id}/fork and …/merge: a copy of one, and one made of two."""

from typing import Annotated
from uuid import NAMESPACE_OID, uuid4, uuid5

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.api import Caller, Problem
from adapters.api.caller import caller_of
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from adapters.api.repeats import IdempotencyKey
from bot.bot import Bot
from bot.copying import fork, merge
from bot.web.conversation_views import ConversationView, conversation_view
from bot.web.conversations import NONE, seeing
from bot.web.owners import may_see
from sessions.copies import NoSuchExchange, NothingToCopy
from sessions.models import Conversation

LONGEST_ID = 100


class ForkBody(BaseModel):
    """Where the copy ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message_id: Annotated[
        str | None,
        Field(
            max_length=LONGEST_ID,
            description=(
                "A message of the conversation: the copy ends with the exchange that it belongs "
                "to. Left out: everything that is answered is copied."
            ),
        ),
    ] = None


class MergeBody(BaseModel):
    """What is added."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversation_id: Annotated[
        str,
        Field(max_length=LONGEST_ID, description="Another conversation of the same person."),
    ]


def copy_routes(bot: Bot) -> APIRouter:
    """Make the routes. An app key may do this for its own people."""
    router = APIRouter(prefix="/api/conversations", tags=["conversations"])
    seen = seeing(bot)

    @router.post(
        "/{conversation_id}/fork",
        summary="Copy a conversation",
        description=(
            "A new conversation that begins as a copy of this one, of which the agent remembers "
            "everything; each goes on by itself. What waits for a decision is not copied. While "
            "a turn is at work in it, this waits. The same request again under the same "
            "`Idempotency-Key` gives the same copy."
        ),
        status_code=201,
        responses={
            201: {"model": ConversationView, "description": "The copy."},
            **documented(401, 403, 404, 409, 422, 500, 503),
        },
    )
    async def fork_conversation(
        caller: Annotated[Caller, Depends(caller_of)],
        found: Annotated[Conversation, Depends(seen)],
        body: ForkBody | None = None,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        upto = body.message_id if body else None
        copy = _named(caller, "fork", found.id, upto, idempotency_key)
        try:
            made = await fork(bot.turns, bot.library, found.id, copy, upto)
        except NothingToCopy as nothing:
            raise _problem(nothing) from nothing
        return JsonResponse(conversation_view(made), status_code=201)

    @router.post(
        "/{conversation_id}/merge",
        summary="Make one conversation out of two",
        description=(
            "A new conversation with what was said in this one and in another of the same person, "
            "in order of time; both stay as they are."
        ),
        status_code=201,
        responses={
            201: {"model": ConversationView, "description": "The new conversation."},
            **documented(401, 403, 404, 409, 422, 500, 503),
        },
    )
    async def merge_conversations(
        caller: Annotated[Caller, Depends(caller_of)],
        found: Annotated[Conversation, Depends(seen)],
        body: MergeBody,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        other = await bot.library.shelf.get(body.conversation_id)
        if other is None or not may_see(caller, other):
            raise Problem(404, NONE)
        if other.id == found.id:
            raise Problem(409, "It is the same conversation; /fork copies one.")
        into = _named(caller, "merge", found.id, other.id, idempotency_key)
        try:
            made = await merge(bot.turns, bot.library, found.id, other.id, into)
        except NothingToCopy as nothing:
            raise _problem(nothing) from nothing
        return JsonResponse(conversation_view(made), status_code=201)

    return router


def _problem(nothing: NothingToCopy) -> Problem:
    return Problem(404 if isinstance(nothing, NoSuchExchange) else 409, str(nothing))


def _named(caller: Caller, what: str, first: str, second: str | None, key: str | None) -> str:
    """Name what a request makes: the same request under the same key makes the same."""
    if key is None:
        return str(uuid4())
    return str(uuid5(NAMESPACE_OID, "\n".join((what, caller.name, first, second or "", key))))
