"""What happened to every approval is kept, and the first complete decision counts."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from sqlalchemy.exc import IntegrityError

from adapters.contract import Outcome
from sessions.approval_records import ApprovalRecords
from sessions.models import ActionRecord, ApprovalRecord, Vote
from sessions.tables import OUTCOMES
from tests.records.made_up import NOON, approval

REJECT = {"type": "reject", "reason": "no"}


async def decide(
    records: ApprovalRecords, approval_id: str = "a", by: str = "memory:ann", **other: str
) -> tuple[bool, ApprovalRecord]:
    outcome = other.get("outcome", "rejected")
    return await records.claim(
        approval_id, outcome=outcome, by=by, where="memory:ann", verdicts=(REJECT,), at=NOON
    )


async def test_an_approval_comes_back_as_it_was_asked(records: ApprovalRecords) -> None:
    actions = (
        ActionRecord("send", {"to": ["me"], "deep": {"é": None}}, "Send", ("approve",), "admins"),
        ActionRecord("forget", {}, "", ("approve", "reject"), "requester"),
    )
    asked = approval(actions=actions, decider="admins")
    assert await records.ask(asked) == asked
    assert await records.get("a") == asked
    assert await records.get("b") is None


async def test_twenty_decisions_at_once_and_one_counts(records: ApprovalRecords) -> None:
    await records.ask(approval())
    claims = await asyncio.gather(*(decide(records, by=f"memory:{n}") for n in range(20)))
    (winner,) = (record for won, record in claims if won)
    assert all(record == winner for _, record in claims)
    assert await records.get("a") == winner


async def test_asking_at_once_about_one_interrupt_gives_one_approval(
    records: ApprovalRecords,
) -> None:
    asked = await asyncio.gather(*(records.ask(approval(f"{n}")) for n in range(20)))
    assert len({record.id for record in asked}) == 1
    assert (await records.ask(approval("b", "another"))).id == "b"
    assert len(await records.open()) == 2


async def test_asking_again_gives_a_decided_approval_as_it_ended(records: ApprovalRecords) -> None:
    await records.ask(approval())
    _, decided = await decide(records)
    assert await records.ask(approval("new")) == decided


async def test_an_id_is_never_given_twice(records: ApprovalRecords) -> None:
    await records.ask(approval("a", "one"))
    with pytest.raises(IntegrityError):
        await records.ask(approval("a", "two"))


async def test_the_life_of_an_approval_can_be_read(records: ApprovalRecords) -> None:
    await records.ask(approval())
    later = NOON + timedelta(minutes=1)
    won, decided = await decide(records)
    assert won
    assert (decided.outcome, decided.decided_by, decided.decided_where, decided.decided_at) == (
        "rejected",
        "memory:ann",
        "memory:ann",
        NOON,
    )
    assert await records.open() == []
    assert await records.unfinished() == [decided]
    for at in (NOON, later):  # the first time counts
        await records.began("a", at)
        await records.ended("a", at, f"Nothing was run at {at:%H:%M}.")
    assert await records.get("a") == replace(
        decided, began_at=NOON, ended_at=NOON, ending="Nothing was run at 12:00."
    )
    assert await records.unfinished() == []


async def test_what_expired_is_due_until_somebody_decides(records: ApprovalRecords) -> None:
    await records.ask(approval("soon", "1"))
    await records.ask(approval("late", "2", expires_at=NOON + timedelta(hours=3)))
    assert await records.due(NOON + timedelta(minutes=59)) == []
    assert [each.id for each in await records.due(NOON + timedelta(hours=1))] == ["soon"]
    won, _ = await decide(records, "soon", outcome="expired", by="")
    assert won
    assert await records.due(NOON + timedelta(hours=2)) == []
    assert [each.id for each in await records.open()] == ["late"]


async def test_open_approvals_of_one_thread(records: ApprovalRecords) -> None:
    for name, thread_id in (("a", "t"), ("b", "u"), ("c", "t")):
        await records.ask(approval(name, name, thread_id=thread_id))
    await decide(records, "a")
    assert [each.id for each in await records.open(thread_id="t")] == ["c"]
    assert [each.id for each in await records.open()] == ["b", "c"]


async def test_an_unknown_approval_cannot_be_decided_begun_ended_or_voted_on(
    records: ApprovalRecords,
) -> None:
    with pytest.raises(KeyError):
        await decide(records, "gone")
    with pytest.raises(KeyError):
        await records.began("gone", NOON)
    with pytest.raises(KeyError):
        await records.ended("gone", NOON, "")
    with pytest.raises(KeyError):
        await records.vote(Vote("gone", "ann", (REJECT,), NOON))


async def test_nothing_is_begun_or_ended_before_it_is_decided(records: ApprovalRecords) -> None:
    await records.ask(approval())
    with pytest.raises(IntegrityError):
        await records.began("a", NOON)
    with pytest.raises(IntegrityError):
        await records.ended("a", NOON, "It ran.")
    with pytest.raises(IntegrityError):
        await decide(records, outcome="")
    assert await records.get("a") == approval()


async def test_every_outcome_that_people_are_told_can_be_stored(records: ApprovalRecords) -> None:
    assert set(get_args(Outcome)) == set(OUTCOMES)
    for outcome in OUTCOMES:
        await records.ask(approval(outcome, outcome))
        assert (await decide(records, outcome, outcome=outcome))[1].outcome == outcome


async def test_a_person_who_votes_again_has_changed_their_mind(records: ApprovalRecords) -> None:
    await records.ask(approval())
    yes = ({"type": "approve"},)
    await records.vote(Vote("a", "ann", yes, NOON))
    await records.vote(Vote("a", "ann", (REJECT,), NOON))
    votes = await records.vote(Vote("a", "bob", yes, NOON))
    assert votes == [Vote("a", "ann", (REJECT,), NOON), Vote("a", "bob", yes, NOON)]


async def test_of_two_votes_at_once_the_second_sees_both(records: ApprovalRecords) -> None:
    await records.ask(approval())
    seen = await asyncio.gather(
        *(records.vote(Vote("a", name, (REJECT,), NOON)) for name in ("ann", "bob"))
    )
    assert sorted(map(len, seen)) == [1, 2]


async def test_approvals_are_paged_newest_first(records: ApprovalRecords) -> None:
    for name in "abcde":
        await records.ask(approval(name, name))
    await decide(records, "d")
    pages = [await records.page(limit=2, after=after) for after in ("", "d", "b", "a")]
    assert [[each.id for each in page] for page in pages] == [["e", "d"], ["c", "b"], ["a"], []]
    assert [each.id for each in await records.page(open_only=True, limit=2)] == ["e", "c"]


async def test_a_page_has_only_the_approvals_of_whose_name_begins_so(
    records: ApprovalRecords,
) -> None:
    people = ("api:shop/ann", "api:Shop/ann", "api:shop2/ann", "api:sh%p/ann", "api:shop/bob")
    for number, requester in enumerate(people):
        await records.ask(approval(f"{number}", f"{number}", requester=requester))
    page = await records.page(requester_prefix="api:shop/")
    assert [each.requester for each in page] == ["api:shop/bob", "api:shop/ann"]
    page = await records.page(requester_prefix="api:sh%p/")
    assert [each.requester for each in page] == ["api:sh%p/ann"]


async def test_grants_last_until_they_are_dropped(records: ApprovalRecords) -> None:
    for session_id in ("s", "s", "another"):
        await records.grant(session_id, "send:requester", "ann", NOON)
    assert await records.granted("s") == {"send:requester"}
    await records.drop_grants("s")
    assert await records.granted("s") == frozenset()
    assert await records.granted("another") == {"send:requester"}
