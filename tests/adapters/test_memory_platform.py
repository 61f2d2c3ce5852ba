"""The platform inside the process keeps the agreement."""

from collections.abc import AsyncIterator, Sequence
from typing import assert_never

import pytest

from adapters.contract import (
    Accepted,
    Address,
    Answer,
    ApprovalRequest,
    ApprovalSettled,
    Failure,
    Held,
    Notice,
    Refused,
    Reply,
    TextDelta,
)
from adapters.memory import MemoryAdapter
from tests.adapters.conformance import AdapterConformance, Person, Script


class Ann(Person):
    def __init__(self, adapter: MemoryAdapter, script: Script) -> None:
        self.adapter = self._memory = adapter
        self.script = script

    async def say(self, text: str) -> None:
        await self._memory.say("ann", text)

    async def tap(self, approval_id: str) -> None:
        await self._memory.tap("ann", approval_id)

    def screen(self) -> Sequence[str]:
        return [_read(reply) for reply in self._memory.screen("ann")]

    def address(self) -> Address:
        return self._memory.address("ann")


def _read(reply: Reply) -> str:
    match reply:
        case Accepted():
            return ""
        case TextDelta(text) | Answer(text=text) | Notice(text) | Held(text=text):
            return text
        case ApprovalSettled(text=text) | Refused(text=text):
            return text
        case ApprovalRequest(actions=actions):
            return str(actions)
        case Failure(message, reference):
            return f"{message} {reference}"
        case _:
            assert_never(reply)


class TestMemory(AdapterConformance):
    @pytest.fixture
    async def person(self) -> AsyncIterator[Person]:
        adapter, script = MemoryAdapter(), Script()
        async with adapter.serve(script, ()):
            yield Ann(adapter, script)
