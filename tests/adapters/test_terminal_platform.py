"""A chat in the terminal reads lines and writes replies."""

from collections.abc import AsyncIterator
from dataclasses import replace

from adapters.contract import Address, Reply
from adapters.terminal import TerminalAdapter
from adapters.unnoted import Unnoted
from tests.adapters.conformance import CARD, Script


async def _typed(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line


async def _chat(*lines: str) -> str:
    written: list[str] = []
    me = Address("terminal", "me", "me")
    adapter = TerminalAdapter(me, _typed(*lines), written.append)
    async with adapter.serve(Script(), ()):
        pass
    return "".join(written)


async def test_a_streamed_answer_that_changed_is_shown_whole() -> None:
    assert await _chat("hello") == "Good morn\nGood morning.\n"


async def test_a_card_says_what_would_run_and_how_to_decide() -> None:
    shown = await _chat("ring")
    assert "ring" in shown
    assert "bell: big" in shown
    assert f"/approve {CARD.approval_id}" in shown


async def test_empty_lines_are_no_messages() -> None:
    assert await _chat("", "  ", "/help") == "There is help.\n"


async def test_a_failure_names_its_reference() -> None:
    assert "The model failed. (reference ref42)" in await _chat("break")


async def test_a_card_that_one_may_not_decide_says_who_may_and_how_to_withdraw() -> None:
    written: list[str] = []
    me = Address("terminal", "me", "me")

    async def cards() -> AsyncIterator[Reply]:
        yield replace(CARD, decider="admins")
        yield replace(CARD, decider="two")

    await TerminalAdapter(me, _typed(), written.append).deliver(me, Unnoted(cards()))
    admins, two = written
    assert "│ Only an admin may decide this. /cancel withdraws it.\n└" in admins
    assert "│ Two different admins have to decide this. /cancel withdraws it.\n└" in two
