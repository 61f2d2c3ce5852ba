"""Updates pushed to the bot's own address until it answers 2xx.

As in the server's WebhookActor: updates of one chat go one after another, different chats side by
side; a failure is tried again after a pause that doubles. The pauses are shorter here (they begin
at a twentieth of a second, the real ones at one second), and plain HTTP is taken, as by a
self-hosted server.
"""

import asyncio
from collections.abc import Callable

import aiohttp

from tests.emulators.telegram.refusals import Json
from tests.emulators.telegram.updates import Pending, Updates

LONGEST_PAUSE = 1.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Webhook:
    """Posts what is in the line to one address."""

    def __init__(
        self, updates: Updates, url: str, secret: str, most: int, clock: Callable[[], float]
    ) -> None:
        self.url = url
        self.secret = secret
        self.most = most
        self.last_error: tuple[int, str] | None = None
        self.attempts: list[tuple[int, int | str]] = []
        self._updates = updates
        self._clock = clock
        self._lanes: dict[int, list[Pending]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(most)
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        for update in updates.pending:
            self.take(update)
        updates.webhook_takes = self.take

    def take(self, update: Pending) -> None:
        """Send an update after those of its chat that wait."""
        lane = self._lanes.setdefault(update.lane, [])
        lane.append(update)
        if len(lane) == 1:
            task = asyncio.create_task(self._empty(update.lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop posting; what was not taken waits in the line."""
        self._updates.webhook_takes = None
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()

    def json(self) -> Json:
        """Return the WebhookInfo of the Bot API."""
        info: Json = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.pending),
            "max_connections": self.most,
            "ip_address": "127.0.0.1",
        }
        if self.last_error is not None:
            info["last_error_date"], info["last_error_message"] = self.last_error
        if self._updates.allowed:
            info["allowed_updates"] = list(self._updates.allowed)
        return info

    async def _empty(self, lane: int) -> None:
        waiting = self._lanes[lane]
        while waiting:
            await self._insist(waiting[0])
            waiting.pop(0)

    async def _insist(self, update: Pending) -> None:
        pause = 0.05
        while update in self._updates.pending:
            async with self._at_once:
                outcome = await self._post(update)
            self.attempts.append((update.update_id, outcome))
            if isinstance(outcome, int) and outcome // 100 == 2:
                self._updates.confirm(update)
                return
            said = f"Wrong response from the webhook: {outcome}"
            self.last_error = (int(self._clock()), said)
            self._updates.watch.changed()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _post(self, update: Pending) -> int | str:
        headers = {SECRET_HEADER: self.secret} if self.secret else {}
        try:
            async with self._client.post(self.url, json=update.json(), headers=headers) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__
