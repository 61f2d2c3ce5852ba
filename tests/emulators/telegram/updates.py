"""What waits for the bot: updates in order, until an offset or a webhook's 2xx confirms them.

From the documentation of getUpdates: an update is confirmed by a request with an offset higher than
its id; the server keeps what is unconfirmed for 24 hours; `allowed_updates` holds until it is given
anew and does not concern what is already waiting; without it come all kinds but those in
`ONLY_WHEN_ASKED`. The newest poller wins, and the one before gets a 409, as in the server's source.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tests.emulators.telegram.refusals import OTHER_POLLER, WEBHOOK_IS_SET, Json, Refused, conflict
from tests.emulators.telegram.screen import Watch

KEPT_SECONDS = 24 * 60 * 60
ONLY_WHEN_ASKED = ("chat_member", "message_reaction", "message_reaction_count")


@dataclass
class Pending:
    """An update that waits; `lane` is the chat whose updates a webhook gets one after another."""

    update_id: int
    kind: str
    content: Json
    lane: int
    at: float
    once_more: bool = False

    def json(self) -> Json:
        """Return the Update of the Bot API."""
        return {"update_id": self.update_id, self.kind: self.content}


class Updates:
    """The line of updates."""

    def __init__(self, clock: Callable[[], float], watch: Watch) -> None:
        self._clock = clock
        self.watch = watch
        self._next_id = 512_345_001
        self._poll: asyncio.Future[None] | None = None
        self.pending: list[Pending] = []
        self.confirmed: list[Pending] = []
        self.allowed: tuple[str, ...] = ()
        self.webhook_takes: Callable[[Pending], None] | None = None

    def push(
        self, kind: str, content: Json, lane: int, *, whatever: bool = False
    ) -> Pending | None:
        """Put an update in the line, unless the bot did not ask for its kind."""
        if not whatever and not self.wants(kind):
            return None
        update = Pending(self._next_id, kind, content, lane, self._clock())
        self._next_id += 1
        self._add(update)
        return update

    def again(self, update: Pending) -> None:
        """Hand out an update a second time, with the same id, whatever was confirmed."""
        self._add(
            Pending(
                update.update_id,
                update.kind,
                update.content,
                update.lane,
                self._clock(),
                once_more=True,
            )
        )

    def wants(self, kind: str) -> bool:
        """Tell whether the bot asked for this kind."""
        return kind in self.allowed if self.allowed else kind not in ONLY_WHEN_ASKED

    def confirm(self, update: Pending) -> None:
        """Take an update out of the line: the bot has it."""
        if update in self.pending:
            self.pending.remove(update)
            self.confirmed.append(update)
            self.watch.changed()

    def forget(self) -> None:
        """Drop all that waits, as `drop_pending_updates` does."""
        self.pending.clear()

    async def get(
        self, offset: int, limit: int, seconds: float, allowed: list[str] | None
    ) -> list[Json]:
        """Answer a getUpdates request, at once or when something comes within these seconds.

        Raises:
            Refused: There is a webhook, or another request took over.
        """
        if self.webhook_takes is not None:
            raise conflict(WEBHOOK_IS_SET)
        self.stop_polling(conflict(OTHER_POLLER))
        if allowed is not None:
            self.allowed = tuple(allowed)
        self._expire()
        if offset < 0:
            offset = self.pending[offset:][0].update_id if self.pending else 0
        for update in [one for one in self.pending if one.update_id < offset]:
            if not update.once_more:
                self.confirm(update)
        if not self.pending and seconds > 0:
            await self._wait(seconds)
        taken = self.pending[:limit]
        for update in taken:
            if update.once_more:
                self.confirm(update)
        return [update.json() for update in taken]

    def stop_polling(self, reason: Refused | None) -> None:
        """End the request that waits, if there is one: with this answer, or with nothing."""
        poll, self._poll = self._poll, None
        if poll is not None and not poll.done():
            if reason is None:
                poll.cancel()
            else:
                poll.set_exception(reason)

    @property
    def polled(self) -> bool:
        """Whether a getUpdates request is waiting now."""
        return self._poll is not None

    async def _wait(self, seconds: float) -> None:
        self._poll = poll = asyncio.get_running_loop().create_future()
        self.watch.changed()
        try:
            async with asyncio.timeout(seconds):
                await poll
        except TimeoutError:
            return
        finally:
            if self._poll is poll:
                self._poll = None

    def _add(self, update: Pending) -> None:
        self.pending.append(update)
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        if self.webhook_takes is not None:
            self.webhook_takes(update)

    def _expire(self) -> None:
        oldest = self._clock() - KEPT_SECONDS
        self.pending[:] = [update for update in self.pending if update.at > oldest]
