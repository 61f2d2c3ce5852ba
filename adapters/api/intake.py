"""Between the routes and the handler: hand over, listen, answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from adapters.api.heard import Heard
from adapters.api.records import Records
from adapters.api.views import ApprovalView, approval_view
from adapters.contract import Accepted, ApprovalRequest, Handler, Reply, TextDelta


async def _until_answered() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


#: What is entered here is left when the response has been sent, or could not be.
UntilAnswered = Annotated[AsyncExitStack, Depends(_until_answered, scope="request")]


@dataclass(frozen=True)
class Intake:
    """What the routes work with."""

    handle: Handler
    records: Records
    wait_seconds: float
    clock: Callable[[], datetime]

    async def hear(self, replies: AsyncIterator[Reply], request: Request) -> Heard:
        """Listen until the turn ends, the wait is over, or the client has left.

        Who leaves has not been shown the answer, so the stream is then not read to its end.

        Raises:
            Problem: it was refused, or failed.
        """
        heard = Heard()
        try:
            async with asyncio.timeout(self.wait_seconds) as wait:
                async for reply in replies:
                    heard.take(reply)
                    if isinstance(reply, Accepted | TextDelta):
                        continue  # whether somebody listens matters with what ends the turn
                    if await request.is_disconnected():
                        return heard
                heard.complete = True
        except TimeoutError:
            if not wait.expired():
                raise
            # Else the turn goes on, and the client asks again.
        if heard.problem is not None:
            raise heard.problem
        return heard

    async def open_in(self, session_id: str, heard: Heard) -> list[ApprovalView]:
        """Give what is open in the session after what was heard."""
        requests: list[ApprovalRequest] = [
            *heard.requests,
            *(heard.held.approvals if heard.held else ()),
        ]
        if not requests and session_id:
            requests.extend(await self.records.open_approvals(session_id))
        return [approval_view(request) for request in requests]
