"""GET /api/messages: a person's mailbox, in pages or as a stream that goes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from adapters.api.bodies import UserId
from adapters.api.caller import Caller, caller_of
from adapters.api.json_response import JsonResponse, to_json
from adapters.api.problems import documented
from adapters.api.records import Records, StoredMessage
from adapters.api.stream import PING_SECONDS, wants_stream
from adapters.api.views import Mailbox, MailView, file_views
from adapters.contract import Address

LARGEST_PAGE = 200
LARGEST_NUMBER = 2**63 - 1
AT_ONCE = 50
STREAM: dict[str, Any] = {
    "text/event-stream": {
        "schema": {
            "type": "string",
            "description": (
                "One event `message` for each message, with its number as `id`. It goes on until "
                "the client leaves; with `Last-Event-ID` it begins behind that number."
            ),
        }
    }
}


def mailbox_routes(records: Records, stopping: asyncio.Event) -> APIRouter:
    """Make the route. Streams end when `stopping` is set."""
    router = APIRouter(tags=["messages"])

    @router.get(
        "/api/messages",
        summary="Read a person's mailbox",
        description=(
            "What the bot said to this person, in order: also what came when no request was "
            "waiting for it. Ask for what comes `after` the last `number` that you have: up to "
            "there it counts as delivered. With `Accept: text/event-stream` it is a stream that "
            "goes on with what is said later."
        ),
        responses={
            200: {"model": Mailbox, "description": "A page.", "content": STREAM},
            **documented(401, 403, 422, 500, 503),
        },
    )
    async def read_mailbox(  # noqa: PLR0917 - each is a part of the request
        request: Request,
        caller: Annotated[Caller, Depends(caller_of)],
        user_id: Annotated[UserId, Query()],
        after: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
        last_event_id: Annotated[int, Header(ge=0, le=LARGEST_NUMBER)] = 0,
    ) -> Response:
        owner = caller.address_of(user_id)
        begin = last_event_id or after
        if begin:
            await records.fetched(owner, upto=begin)
        if wants_stream(request):
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            events = _events(records, owner, begin, stopping)
            return EventSourceResponse(events, headers=headers)
        found = await records.mailbox(owner, after=begin, limit=limit + 1)
        page = found[:limit]
        items = [await _view(records, message) for message in page]
        return JsonResponse(Mailbox(items, page[-1].number if len(found) > limit else None))

    return router


async def _events(
    records: Records, owner: Address, after: int, stopping: asyncio.Event
) -> AsyncIterator[bytes]:
    yield KEEPALIVE_COMMENT  # so that the client knows at once that it listens
    with records.mail(owner) as news:
        while not stopping.is_set():
            news.clear()
            page = await records.mailbox(owner, after=after, limit=AT_ONCE)
            for message in page:
                after = message.number
                view = await _view(records, message)
                text = to_json(view).encode("utf-8", "replace").decode()
                yield format_sse_event(data_str=text, event="message", id=str(after))
            if not page and not await _either(news, stopping):
                yield KEEPALIVE_COMMENT


async def _either(one: asyncio.Event, other: asyncio.Event) -> bool:
    """Wait until one of them is set; False if neither was for some seconds."""
    waits = [asyncio.ensure_future(each.wait()) for each in (one, other)]
    try:
        done, _ = await asyncio.wait(
            waits, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for wait in waits:
            wait.cancel()
    return bool(done)


async def _view(records: Records, message: StoredMessage) -> MailView:
    files = await records.files(message.id) if message.files else ()
    return MailView(
        message.id,
        message.number,
        message.text,
        message.created_at,
        message.answers or None,
        file_views(message.id, files),
    )
