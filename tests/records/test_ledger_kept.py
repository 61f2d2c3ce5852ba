"""A tool call with effects is in the ledger before it begins, so that none runs twice."""

import asyncio
from datetime import timedelta

import pytest

from sessions.ledger import Ledger
from sessions.models import LedgerEntry, LedgerKey
from tests.records.made_up import NOON

KEY = LedgerKey("t", "ai", "call")


async def test_twenty_begin_the_same_action_and_one_may_run_it(ledger: Ledger) -> None:
    begun = await asyncio.gather(
        *(ledger.begin(KEY, tool="send", arguments={"n": n}, at=NOON) for n in range(20))
    )
    assert begun.count(None) == 1
    (unknown,) = await ledger.of_thread("t")
    assert [entry for entry in begun if entry is not None] == [unknown] * 19
    assert (unknown.ended_at, unknown.outcome, unknown.result) == (None, "", None)


@pytest.mark.parametrize("result", [{"text": "sent", "é": [1, 2.5, None]}, "sent", None, ""])
async def test_an_ended_action_gives_its_result_and_the_first_end_counts(
    ledger: Ledger, result: object
) -> None:
    later = NOON + timedelta(minutes=1)
    assert await ledger.begin(KEY, tool="send", arguments={"to": "me"}, at=NOON) is None
    await ledger.end(KEY, outcome="done", result=result, at=later)
    await ledger.end(KEY, outcome="failed", result="later", at=later)
    known = await ledger.begin(KEY, tool="send", arguments={}, at=later)
    assert known == LedgerEntry(KEY, "send", {"to": "me"}, NOON, later, "done", result)


async def test_what_never_began_cannot_end(ledger: Ledger) -> None:
    with pytest.raises(KeyError):
        await ledger.end(KEY, outcome="done", result=None, at=NOON)


async def test_the_actions_of_a_thread_in_the_order_in_which_they_began(ledger: Ledger) -> None:
    for call in "cab":
        await ledger.begin(LedgerKey("t", "ai", call), tool="send", arguments={}, at=NOON)
    await ledger.begin(LedgerKey("u", "ai", "a"), tool="send", arguments={}, at=NOON)
    assert [entry.key.tool_call_id for entry in await ledger.of_thread("t")] == ["c", "a", "b"]
    assert await ledger.of_thread("another") == []
