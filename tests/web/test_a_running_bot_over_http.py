"""A real bot over HTTP: chat, approvals, sessions, from the client's side."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.web.running import Side, running


async def get(side: Side, path: str, **headers: str) -> Any:
    response = await side.client.get(path, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def ask_for_something(side: Side, **headers: str) -> str:
    body = (await side.say("send hello to me", **headers)).json()
    assert body["state"] == "parked", body
    approval_id: str = body["pending_approval"]["id"]
    return approval_id


async def decide(side: Side, approval_id: str, decision: str = "approve", **headers: str) -> Any:
    return await side.client.post(
        f"/api/approvals/{approval_id}", json={"decision": decision}, headers=headers
    )


async def test_a_person_chats_and_finds_the_message_and_the_answer_again(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        body = (await side.say("Hello")).json()
        assert body["state"] == "answered"
        assert body["reply"]
        again = await get(side, f"/api/messages/{body['message_id']}")
        assert again["state"] == "answered"
        assert again["reply"] == body["reply"]
        assert again["text"] == "Hello"
        mail = await get(side, "/api/messages?user_id=test_123")
        assert [item["text"] for item in mail["items"]] == [body["reply"]]


async def test_a_person_keeps_a_session_and_new_gives_a_new_thread(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        first = (await side.say("Hello")).json()
        second = (await side.say("Hello again")).json()
        assert second["session_id"] == first["session_id"]
        assert second["thread_id"] == first["thread_id"]
        new = (await side.say("/new")).json()
        assert new["reply"]
        assert new["session_id"] == first["session_id"]
        assert new["thread_id"] != first["thread_id"]
        other = (await side.say("Hello", "somebody.else")).json()
        assert other["session_id"] != first["session_id"]


async def test_an_action_waits_is_listed_is_approved_and_runs(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        approval_id = await ask_for_something(side)
        (listed,) = (await get(side, "/api/approvals"))["items"]
        assert listed["id"] == approval_id
        assert listed["open"] is True
        assert listed["requester"] == "api:test_123"
        held = await side.say("and then?")
        assert held.status_code == 202
        assert held.json()["state"] == "held"
        assert held.json()["pending_approval"]["id"] == approval_id
        response = await decide(side, approval_id)
        assert response.status_code == 200
        body = response.json()
        assert body["outcome"] == "approved"
        assert body["by"] == "api:operator"
        assert body["reply"]
        assert (await get(side, "/api/approvals"))["items"] == []
        for _ in range(100):
            later = await get(side, held.headers["location"])
            if later["reply"] is not None:
                break
            await asyncio.sleep(0.05)
        assert later["state"] == "answered"
        after = await get(side, f"/api/approvals/{approval_id}")
        assert after["open"] is False
        assert after["decided_by"] == "api:operator"
        assert after["verdicts"] == [{"type": "approve"}]
        assert after["ended_at"]


async def test_a_second_decision_is_told_who_decided_what_and_when(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        approval_id = await ask_for_something(side)
        await decide(side, approval_id, "reject")
        response = await decide(side, approval_id)
        assert response.status_code == 409
        settled = response.json()["settled"]
        assert settled["outcome"] == "rejected"
        assert settled["by"] == "api:operator"
        assert settled["at"]


async def test_twenty_at_once_decide_once_and_nineteen_are_told(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        approval_id = await ask_for_something(side)
        responses = await asyncio.gather(*(decide(side, approval_id) for _ in range(20)))
        statuses = sorted(response.status_code for response in responses)
        assert statuses == [200] + [409] * 19


async def test_a_misshapen_edit_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        approval_id = await ask_for_something(side)
        response = await side.client.post(
            f"/api/approvals/{approval_id}",
            json={"decision": "edit", "arguments": {"to": ["x"], "text": {}}},
        )
        assert response.status_code == 422
        assert (await get(side, "/api/approvals"))["items"][0]["id"] == approval_id
        two = await side.client.post(
            f"/api/approvals/{approval_id}",
            json={"decisions": [{"decision": "approve"}, {"decision": "approve"}]},
        )
        assert two.status_code == 422
        assert (await decide(side, approval_id)).status_code == 200


async def test_sessions_are_listed_in_pages_shown_and_ended(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        for name in ("a", "b", "c"):
            await side.say("Hello", name)
        first = await get(side, "/api/sessions?limit=2")
        assert [item["user_id"] for item in first["items"]] == ["c", "b"]
        second = await get(side, f"/api/sessions?limit=2&after={first['next']}")
        assert [item["user_id"] for item in second["items"]] == ["a"]
        assert second["next"] is None
        (only,) = (await get(side, "/api/sessions?user_id=b"))["items"]
        path = f"/api/sessions/{only['session_id']}"
        assert await get(side, path) == only
        assert (await side.client.delete(path)).status_code == 204
        assert (await side.client.delete(path)).status_code == 404
        assert (await side.client.get(path)).status_code == 404
        assert len((await get(side, "/api/sessions"))["items"]) == 2


async def test_ending_a_session_withdraws_what_waits_in_it(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        approval_id = await ask_for_something(side)
        (session,) = (await get(side, "/api/sessions"))["items"]
        assert session["pending_approval"][0]["id"] == approval_id
        await side.client.delete(f"/api/sessions/{session['session_id']}")
        response = await decide(side, approval_id)
        assert response.status_code == 409
        assert response.json()["settled"]["outcome"] == "withdrawn"
        assert (await get(side, "/api/approvals"))["items"] == []
        (listed,) = (await get(side, "/api/approvals?open=false"))["items"]
        assert listed["outcome"] == "withdrawn"


async def test_approvals_are_listed_in_pages(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        for name in ("a", "b", "c"):
            await side.say("send hello to me", name)
        first = await get(side, "/api/approvals?limit=2")
        assert [item["requester"] for item in first["items"]] == ["api:c", "api:b"]
        second = await get(side, f"/api/approvals?limit=2&after={first['next']}")
        assert [item["requester"] for item in second["items"]] == ["api:a"]
        assert second["next"] is None
        assert (await side.client.get("/api/approvals?after=nobody")).status_code == 404


async def test_health_and_readiness(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        assert (await get(side, "/health"))["status"] == "ok"
        ready = await get(side, "/ready")
        assert ready["ready"] is True
        assert all(part["ok"] and part["text"] for part in ready["parts"])


KEYS = "shop:app:shop-secret-1,Shop:app:other-secret-2,ops:admin:ops-secret-3"
SHOP = {"X-API-Key": "shop-secret-1"}
OTHER = {"X-API-Key": "other-secret-2"}
OPS = {"X-API-Key": "ops-secret-3"}


async def test_an_app_sees_only_what_its_own_people_have(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        approval_id = await ask_for_something(side, **SHOP)
        (session,) = (await get(side, "/api/sessions", **SHOP))["items"]
        assert session["user_id"] == "test_123"
        for path in ("/api/sessions", "/api/approvals", "/api/messages?user_id=test_123"):
            assert (await get(side, path, **OTHER))["items"] == [], path
        for path in (
            f"/api/sessions/{session['session_id']}",
            f"/api/approvals/{approval_id}",
        ):
            assert (await side.client.get(path, headers=OTHER)).status_code == 404
        gone = await side.client.delete(f"/api/sessions/{session['session_id']}", headers=OTHER)
        assert gone.status_code == 404
        assert (await decide(side, approval_id, **OTHER)).status_code == 404
        for path in ("/api/sessions", "/api/approvals"):
            assert len((await get(side, path, **OPS))["items"]) == 1
        response = await decide(side, approval_id, **SHOP)
        assert response.status_code == 200
        assert response.json()["by"] == "api:shop/test_123"
        assert (await get(side, "/ready"))["parts"][0]["text"] == ""


@pytest.mark.parametrize("decider", ["admins", "two"])
async def test_an_app_cannot_decide_what_admins_decide(tmp_path: Path, decider: Any) -> None:
    rules = {"APPROVERS": f"send_message:{decider}", "ADMINS": "telegram:1"}
    async with running(tmp_path, API_KEYS=KEYS, **rules) as side:
        approval_id = await ask_for_something(side, **SHOP)
        response = await decide(side, approval_id, **SHOP)
        assert response.status_code == 403
        response = await decide(side, approval_id, **OPS)
        if decider == "admins":
            assert response.status_code == 200
            assert response.json()["by"] == "api:ops"
        else:  # another one has to decide too
            assert response.status_code == 202
            assert response.json()["outcome"] is None
            assert response.json()["pending_approval"]["id"] == approval_id


async def test_ready_says_which_part_does_not_work(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        assert (await get(side, "/ready"))["ready"] is True
        database = tmp_path / "data/conversations.db"
        await asyncio.to_thread(database.rename, tmp_path / "away.db")
        response = await side.client.get("/ready")
        assert response.status_code == 503
        broken = {part["name"]: part["text"] for part in response.json()["parts"] if not part["ok"]}
        assert list(broken) == ["conversations"]
        assert "was moved or replaced" in broken["conversations"]
        await asyncio.to_thread((tmp_path / "away.db").rename, database)
        assert (await get(side, "/ready"))["ready"] is True


async def test_what_cannot_be_stored_is_refused_and_ready_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions.database.LOCKED_SECONDS", 0.2)
    async with running(tmp_path) as side:
        assert (await side.say("Hello")).status_code == 200
        locked = await asyncio.to_thread(locking, tmp_path / "data/conversations.db")
        try:
            response = await side.say("Are you there?")
            assert response.status_code == 503
            assert "nothing happened" in response.json()["detail"]
            assert (await side.client.get("/ready")).status_code == 503
        finally:
            await asyncio.to_thread(locked.close)
        assert (await side.say("And now?")).status_code == 200


def locking(path: Path) -> sqlite3.Connection:
    """Hold the only right to write to a database."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("BEGIN IMMEDIATE")
    return database


async def test_a_list_of_decisions_has_one_for_each_action(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        body = (await side.say("send hello to me and forget my notes")).json()
        path = body["pending_approval"]["decide"]
        short = await side.client.post(path, json={"decisions": [{"decision": "approve"}]})
        assert short.status_code == 422
        assert "2 actions and 1 decisions" in short.json()["detail"]
        assert len((await get(side, "/api/approvals"))["items"]) == 1
