"""Telegram keeps the agreement, over HTTP with a stand-in for its Bot API."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from adapters.contract import Address, Decision, IncomingMessage
from adapters.telegram import TelegramAdapter
from tests.adapters.conformance import AdapterConformance, Person, Said, Script
from tests.adapters.receiving import MemoryReception
from tests.emulators.telegram.people import Person as Someone
from tests.emulators.telegram.server import TelegramServer, telegram_server


class Counting(Script):
    """The script, which also counts what was read to its end."""

    def __init__(self, telegram: TelegramServer) -> None:
        super().__init__()
        self._telegram = telegram
        self.done = 0

    @asynccontextmanager
    async def __call__(self, inbound: IncomingMessage | Decision) -> AsyncIterator[Said]:
        async with super().__call__(inbound) as said:
            yield said
        self.done += 1
        self._telegram.watch.changed()


class Ann(Person):
    def __init__(
        self, telegram: TelegramServer, ann: Someone, adapter: TelegramAdapter, script: Counting
    ) -> None:
        self.adapter, self.script = adapter, script
        self._telegram, self._ann, self._counting = telegram, ann, script

    async def say(self, text: str) -> None:
        before = self._counting.done
        self._ann.say(text)
        await self._telegram.until(lambda: self._counting.done > before)

    async def tap(self, approval_id: str) -> None:
        before = self._counting.done
        (card,) = [
            message
            for message in self._ann.chat.answers
            for row in message.buttons
            for button in row
            if button.data == f"ap:{approval_id}:approve"
        ]
        await self._ann.tap(card, "Approve")
        await self._telegram.until(lambda: self._counting.done > before)

    def screen(self) -> Sequence[str]:
        return [message.text for message in self._ann.chat.answers]

    def address(self) -> Address:
        number = str(self._ann.user_id)
        return Address("telegram", number, number)


class TestTelegram(AdapterConformance):
    @pytest.fixture
    async def person(self) -> AsyncIterator[Person]:
        async with telegram_server() as telegram:
            script = Counting(telegram)
            ann = telegram.person("Ann")
            ann.chat.started = True
            adapter = TelegramAdapter(telegram.token, MemoryReception(), api_url=telegram.api_url)
            async with adapter.serve(script, ()):
                yield Ann(telegram, ann, adapter, script)
