"""/api/conversations/{id}: taking one along, and deleting it."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response

from adapters.api import Caller, Problem
from adapters.api.caller import caller_of
from adapters.api.problems import documented
from bot.addresses import address_of, place_of_owner
from bot.bot import Bot
from bot.clearing import clear_conversation
from bot.commands import said
from bot.taking_along import TooLarge, take_along
from bot.web.conversations import seeing
from sessions.models import Conversation
from sessions.transcript import Format

LARGEST_FILE = 100_000_000


def own_words_routes(bot: Bot) -> APIRouter:
    """Make the routes. An app key may do this for its own people."""
    router = APIRouter(prefix="/api/conversations", tags=["conversations"])
    seen = seeing(bot)

    @router.get(
        "/{conversation_id}/export",
        summary="Take a conversation along",
        response_class=Response,
        responses={
            200: {
                "description": "The file.",
                "content": {"text/markdown": {}, "text/html": {}, "application/json": {}},
            },
            **documented(401, 403, 404, 413, 422, 500),
        },
    )
    async def export_conversation(
        found: Annotated[Conversation, Depends(seen)],
        format: Annotated[Format, Query()] = "markdown",  # noqa: A002 - the name in the request
    ) -> Response:
        return await as_download(bot, [found], format)

    @router.delete(
        "/{conversation_id}",
        summary="Delete a conversation",
        description=(
            "Every word of it, everywhere; what is open in it is withdrawn, and a session that is "
            "in it begins a new one. Who decided what and when stays."
        ),
        status_code=204,
        responses={204: {"description": "It is deleted."}, **documented(401, 403, 404, 500, 503)},
    )
    async def delete_conversation(
        caller: Annotated[Caller, Depends(caller_of)],
        found: Annotated[Conversation, Depends(seen)],
    ) -> Response:
        owner = place_of_owner(found.owner)
        by = caller.decides_as(address_of(owner)).person
        turns, decisions = bot.turns, bot.decisions
        await clear_conversation(turns, decisions, bot.library, found.id, owner, by=by)
        return Response(status_code=204)

    return router


async def as_download(bot: Bot, found: Sequence[Conversation], format: Format) -> Response:  # noqa: A002 - the name in the request
    """Send conversations as a file that no browser shows as a page of this server.

    Raises:
        Problem: 413, the file would be too large.
    """
    try:
        file = await take_along(
            found,
            format,
            library=bot.library,
            conversations=bot.conversations,
            said=said,
            bot_name=bot.name,
            at=bot.clock(),
            most_bytes=LARGEST_FILE,
        )
    except TooLarge:
        raise Problem(413, f"The file would be over {LARGEST_FILE:,} bytes.") from None
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)
