"""A bound on what a request may carry."""

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.api import Problem, ProblemResponse

LARGEST_BODY = 1024 * 1024
TOO_LARGE = "The body is over 1 MiB."
#: What was not read cannot be skipped, so the connection ends with the answer.
CLOSE = {"Connection": "close"}
#: Who is still sending when the connection ends may lose the answer, so a body that is no larger
#: than this, or what comes of it in these seconds, is read and dropped first.
DROPPED, PATIENCE_SECONDS = 8 * LARGEST_BODY, 1.0


class BodyLimit:
    """Refuses bodies over 1 MiB: by their Content-Length, else while they come in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > LARGEST_BODY:
            if int(announced[:20]) <= DROPPED:
                await _drop(receive)
            await ProblemResponse(Problem(413, TOO_LARGE, headers=CLOSE))(scope, receive, send)
            return
        taken = 0

        async def receive_within_limit() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_BODY:
                # FastAPI lets this one through while it reads a body.
                raise HTTPException(413, TOO_LARGE, headers=CLOSE)
            return message

        await self._app(scope, receive_within_limit, send)


async def _drop(receive: Receive) -> None:
    """Read a body and keep nothing of it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await receive()).get("more_body"):
                pass
