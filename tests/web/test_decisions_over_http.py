"""Deciding over HTTP, against a handler whose lines are written down here."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from adapters.api import StoredApproval
from adapters.contract import (
    Address,
    Answer,
    ApprovalSettled,
    Approve,
    Decision,
    Edit,
    Failure,
    Notice,
    Refused,
    Reject,
    Respond,
    TextDelta,
    Verdict,
    Why,
)
from tests.web.scripted import NOW, Line, Script, Side, request_for, served

ME = Address("api", "test_123", "test_123")
SETTLED = ApprovalSettled("abc123", "approved", "api:operator", NOW, "Approved by api:operator.")


def saying(*lines: Line) -> Script:
    return lambda _: lines


def keep(side: Side, requester: Address = ME) -> None:
    side.kept.approvals["abc123"] = StoredApproval("abc123", requester, "s1", "t1", "m1", actions=2)


async def decide(side: Side, body: Mapping[str, Any], accept: str = "*/*") -> Any:
    return await side.client.post("/api/approvals/abc123", json=body, headers={"Accept": accept})


async def test_a_decision_is_answered_with_the_outcome_and_the_reply() -> None:
    lines = (SETTLED, TextDelta("Se"), Answer("a1", "Sent."))
    async with served(saying(*lines)) as side:
        keep(side)
        response = await decide(side, {"decision": "approve"})
        assert response.status_code == 200
        assert response.json() == {
            "approval_id": "abc123",
            "outcome": "approved",
            "by": "api:operator",
            "at": "2026-11-21T12:00:00Z",
            "text": "Approved by api:operator.",
            "session_id": "s1",
            "thread_id": "t1",
            "message_id": "m1",
            "state": "answered",
            "reply": "Sent.",
            "pending_approval": None,
            "approvals": [],
            "notices": [],
            "files": [],
        }
        (decision,) = side.bot.inbound
        assert isinstance(decision, Decision)
        assert decision.sender == Address("api", "operator", "operator")


@pytest.mark.parametrize(
    ("body", "verdicts"),
    [
        ({"decision": "approve"}, (Approve(),)),
        ({"decision": "approve", "for": "session"}, (Approve(for_session=True),)),
        ({"decision": "reject"}, (Reject(),)),
        ({"decision": "reject", "reason": "no"}, (Reject("no"),)),
        (
            {"decision": "edit", "arguments": {"n": [1, {"x": None}]}},
            (Edit({"n": [1, {"x": None}]}),),
        ),
        ({"decision": "respond", "text": "42"}, (Respond("42"),)),
        (
            {"decisions": [{"decision": "approve"}, {"decision": "reject", "reason": "no"}]},
            (Approve(), Reject("no")),
        ),
    ],
)
async def test_each_form_of_a_decision_reaches_the_bot(
    body: Mapping[str, Any], verdicts: tuple[Verdict, ...]
) -> None:
    async with served(saying(SETTLED, Answer("a1", "ok"))) as side:
        keep(side)
        assert (await decide(side, body)).status_code == 200
        (decision,) = side.bot.inbound
        assert isinstance(decision, Decision)
        assert decision.verdicts == verdicts


async def test_a_decision_of_the_wrong_shape_is_refused_before_the_bot_hears_of_it() -> None:
    wrong: list[Any] = [
        {},
        [],
        "approve",
        None,
        {"decision": "maybe"},
        {"decision": ["approve"]},
        {"decision": "approve", "reason": "because"},
        {"decision": "approve", "arguments": {"to": "me"}},
        {"decision": "approve", "for": "ever"},
        {"decision": "edit"},
        {"decision": "edit", "arguments": "x"},
        {"decision": "edit", "arguments": {"x": "\0"}},
        {"decision": "edit", "arguments": {"x": 2**64}},
        {"decision": "respond"},
        {"decision": "respond", "text": "  "},
        {"decision": "reject", "reason": "a\0b"},
        {"decisions": []},
        {"decisions": [{"decision": "approve"}, {}]},
        {"decision": "approve", "decisions": [{"decision": "approve"}]},
    ]
    async with served(saying(SETTLED)) as side:
        keep(side)
        for body in wrong:
            response = await decide(side, body)
            assert response.status_code == 422, body
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["errors"], body
        deep: Any = {}
        for _ in range(60):
            deep = {"x": deep}
        assert (await decide(side, {"decision": "edit", "arguments": deep})).status_code == 422
        for raw in (
            b'{"decision": "edit", "arguments": {"x": NaN}}',
            b'{"decision": "edit", "arguments": {"x": "\\ud800"}}',
            b'{"decision": "edit", "arguments": {"\\ud800": 1}}',
        ):
            headers = {"Content-Type": "application/json"}
            response = await side.client.post("/api/approvals/abc123", content=raw, headers=headers)
            assert response.status_code == 422, raw
        assert side.bot.inbound == []


async def test_an_unknown_approval_is_a_404() -> None:
    async with served(saying(SETTLED)) as side:
        response = await decide(side, {"decision": "approve"})
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"
        assert side.bot.inbound == []


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(
    ("why", "status"),
    [("unknown", 404), ("not_yours", 403), ("settled", 409), ("misshapen", 422)],
)
async def test_a_refused_decision_says_why_in_its_status(
    why: Why, status: int, accept: str
) -> None:
    settled = SETTLED if why == "settled" else None
    async with served(saying(Refused(why, "That is not so.", settled))) as side:
        keep(side)
        response = await decide(side, {"decision": "approve"}, accept)
        assert response.status_code == status
        assert response.json()["detail"] == "That is not so."
        if why == "settled":
            assert response.json()["settled"] == {
                "approval_id": "abc123",
                "outcome": "approved",
                "by": "api:operator",
                "at": "2026-11-21T12:00:00Z",
                "text": "Approved by api:operator.",
                "ending": "",
            }


async def test_the_first_of_two_people_is_told_that_another_has_to_decide() -> None:
    async with served(saying(Notice("A second person has to approve."))) as side:
        keep(side)
        side.kept.open["s1"] = [request_for()]
        response = await decide(side, {"decision": "approve"})
        assert response.status_code == 202
        body = response.json()
        assert body["outcome"] is None
        assert body["state"] == "parked"
        assert body["text"] == "A second person has to approve."
        assert body["pending_approval"]["id"] == "abc123"


async def test_an_action_that_leads_to_another_approval_names_it() -> None:
    async with served(saying(SETTLED, request_for("next1"))) as side:
        keep(side)
        body = (await decide(side, {"decision": "approve"})).json()
        assert body["outcome"] == "approved"
        assert body["pending_approval"]["id"] == "next1"


async def test_a_failure_after_the_decision_says_that_the_decision_stands() -> None:
    async with served(saying(SETTLED, Failure("The model is away.", "ref-1"))) as side:
        keep(side)
        response = await decide(side, {"decision": "approve"})
        assert response.status_code == 502
        assert response.json()["settled"]["outcome"] == "approved"


async def test_a_long_turn_after_a_decision_answers_202_with_the_outcome() -> None:
    async with served(saying(SETTLED, asyncio.Event()), wait_seconds=0.05) as side:
        keep(side)
        response = await decide(side, {"decision": "approve"})
        assert response.status_code == 202
        assert response.json()["outcome"] == "approved"
        assert response.headers["location"] == "/api/messages/m1"


async def test_a_decision_streams_when_asked_to() -> None:
    async with served(saying(SETTLED, TextDelta("S"), Answer("a1", "Sent."))) as side:
        keep(side)
        response = await decide(side, {"decision": "approve"}, "text/event-stream")
        events = [line for line in response.text.splitlines() if line.startswith("event:")]
        assert events == ["event: approval_settled", "event: text_delta", "event: answer"]
