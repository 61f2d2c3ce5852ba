"""HTTP as a platform: it takes messages in through a router, and cannot push."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

from fastapi import APIRouter

from adapters.api.caller import PLATFORM
from adapters.api.chat import chat_routes
from adapters.api.decisions import decision_routes
from adapters.api.intake import Intake
from adapters.api.mailbox import mailbox_routes
from adapters.api.messages import message_routes
from adapters.api.problems import Problem
from adapters.api.records import Records
from adapters.contract import Address, Command, Decision, Handler, IncomingMessage, Replies
from adapters.platform import DeliveryFailed


def _now() -> datetime:
    return datetime.now(UTC)


class ApiAdapter:
    """The platform named ``api``.

    `wait_seconds` is how long a request waits for the end of its turn (CHAT_WAIT_SECONDS),
    `max_message_chars` how long a message may be (MAX_MESSAGE_CHARS).
    """

    name = PLATFORM
    pushes = False
    problem = ""

    def __init__(
        self,
        *,
        wait_seconds: float = 60,
        max_message_chars: int = 8000,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.max_message_chars = max_message_chars
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._handler: Handler | None = None
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def serve(
        self,
        handle: Handler,
        commands: Sequence[Command],  # noqa: ARG002 - a client sends commands as texts
    ) -> AsyncIterator[None]:
        """Take in what people send for as long as the ``with`` lasts; before and after: 503."""
        self._handler = handle
        self._stopping.clear()
        try:
            yield
        finally:
            self._handler = None
            self._stopping.set()

    @property
    def takes(self) -> bool:
        """Whether messages are taken in now."""
        return self._handler is not None

    async def deliver(
        self,
        to: Address,  # noqa: ARG002 - nobody can be reached
        replies: Replies,  # noqa: ARG002 - they are stored already
    ) -> None:
        """Refuse: HTTP cannot push. The message stays in the person's mailbox.

        Raises:
            DeliveryFailed: always.
        """
        raise DeliveryFailed("HTTP cannot push; the mailbox has it", final=True)

    def router(self, records: Records) -> APIRouter:
        """Make the routes of this platform."""
        intake = Intake(self._handle, records, self._wait_seconds, self._clock)
        router = APIRouter()
        router.include_router(chat_routes(intake, self.max_message_chars))
        router.include_router(decision_routes(intake))
        router.include_router(mailbox_routes(records, self._stopping))
        router.include_router(message_routes(records))
        return router

    def _handle(self, inbound: IncomingMessage | Decision) -> AbstractAsyncContextManager[Replies]:
        if self._handler is None:
            raise Problem(503, "The bot is starting or stopping.", headers={"Retry-After": "2"})
        return self._handler(inbound)
