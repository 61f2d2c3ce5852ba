"""Replies as server-sent events: one event each, named after it."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any

from fastapi import Request
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from adapters.api.heard import failure, refusal
from adapters.api.json_response import to_json
from adapters.api.views import approval_view, file_views, settled_view
from adapters.contract import (
    Answer,
    ApprovalRequest,
    ApprovalSettled,
    Failure,
    Held,
    Refused,
    Reply,
)

PING_SECONDS = 15
EVENT_STREAM: Mapping[str, Any] = {
    "text/event-stream": {
        "schema": {
            "type": "string",
            "description": (
                "One event per reply: `accepted`, `text_delta`, `notice`, `answer`, "
                "`approval_request`, `held`, `approval_settled`, `refused`, `failure`. "
                "The data of each is a JSON object."
            ),
        }
    }
}


def wants_stream(request: Request) -> bool:
    """Say whether the client prefers a stream of events to one JSON body."""
    quality = {"text/event-stream": 0.0, "application/json": 0.0}
    for rank, part in enumerate(request.headers.get("accept", "").split(",")):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media in quality:
            q = next((p.removeprefix("q=") for p in parameters if p.startswith("q=")), "1")
            weight = float(q) if re.fullmatch(r"[01](\.\d{0,3})?", q) else 1.0
            quality[media] = weight - rank / 10_000 if weight else 0.0
    return quality["text/event-stream"] > quality["application/json"]


def event(reply: Reply) -> bytes:
    """Write one reply as an event."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(reply).__name__).lower()
    data: Any
    match reply:
        case ApprovalRequest():
            data = approval_view(reply)
        case Held():
            views = [approval_view(request) for request in reply.approvals]
            data = {"message_id": reply.message_id, "text": reply.text, "approvals": views}
        case ApprovalSettled():
            data = settled_view(reply)
        case Answer(message_id, text):
            files = file_views(message_id, reply.attachments)
            data = {"message_id": message_id, "text": text, "files": files}
        case _:
            data = asdict(reply)
    # format_sse_event encodes strictly, and a model may have streamed half a character.
    text = to_json(data).encode("utf-8", "replace").decode()
    return format_sse_event(data_str=text, event=name)


async def stream(replies: AsyncIterator[Reply]) -> EventSourceResponse:
    """Answer with the replies as they come.

    Waits for the first, so that what is refused outright gets its own status.

    Raises:
        Problem: the first reply is a refusal or a failure.
    """
    first = await anext(replies, None)
    if isinstance(first, Refused | Failure):
        async for _ in replies:  # to its end: now the client is told
            pass
        raise refusal(first) if isinstance(first, Refused) else failure(first)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventSourceResponse(_events(first, replies), headers=headers)


async def _events(first: Reply | None, replies: AsyncIterator[Reply]) -> AsyncIterator[bytes]:
    if first is None:
        return
    yield event(first)
    while True:
        upcoming = asyncio.ensure_future(_next(replies))
        try:
            while not (await asyncio.wait({upcoming}, timeout=PING_SECONDS))[0]:
                yield KEEPALIVE_COMMENT
            reply = upcoming.result()
        finally:
            upcoming.cancel()
        if reply is None:
            return
        yield event(reply)


async def _next(replies: AsyncIterator[Reply]) -> Reply | None:
    return await anext(replies, None)
