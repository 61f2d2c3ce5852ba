"""Copies of conversations, and everything of one person, over HTTP."""

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from tests.faults.lives import agree
from tests.stories.words_left import MARKER, left_in
from tests.web.running import Side, running
from tests.web.test_conversations_over_http import KEYS, OPS, A, B, get, one


async def texts(side: Side, conversation: str, **headers: str) -> list[str]:
    """Give what people said to the agent in a conversation."""
    page = await get(side, f"/api/conversations/{conversation}/messages", **headers)
    said = [item["text"] for item in page["items"] if item["role"] == "user"]
    return [text for text in said if not text.startswith("/")]


async def fork(side: Side, conversation: str, body: Any = None, **headers: str) -> Any:
    made = await side.client.post(
        f"/api/conversations/{conversation}/fork", json=body, headers=headers
    )
    assert made.status_code == 201, made.text
    return made.json()


async def test_a_copy_ends_where_one_says_and_each_goes_on_by_itself(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        for text in ("one", "two", "three"):
            await side.say(text)
        await side.say("send hello to me")
        first = await one(side)
        before = await get(side, "/api/messages?user_id=test_123")
        whole = await fork(side, first["id"])
        assert whole["forked_from"] == first["id"]
        assert await texts(side, whole["id"]) == ["one", "two", "three"]
        page = await get(side, f"/api/conversations/{first['id']}/messages")
        question, answer = page["items"][2:4]
        for each in (question, answer):
            part = await fork(side, first["id"], {"message_id": each["id"]})
            assert await texts(side, part["id"]) == ["one", "two"]
        assert [item["id"] for item in (await get(side, "/api/approvals"))["items"]]
        assert len(await texts(side, first["id"])) == 4
        after = await get(side, "/api/messages?user_id=test_123")
        assert after == before, "what was copied is not said again"
        await side.say(f"/resume {part['id']}")
        await side.say("four of the part")
        assert await texts(side, part["id"]) == ["one", "two", "four of the part"]
        await agree(side.bot)


async def test_what_cannot_be_copied_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        await side.say("words of a", **A)
        found = await one(side, **A)
        path = f"/api/conversations/{found['id']}"
        post = side.client.post
        assert (await post(f"{path}/fork", headers=B)).status_code == 404
        assert (await post("/api/conversations/none/fork", headers=A)).status_code == 404
        nowhere = await post(f"{path}/fork", json={"message_id": "x"}, headers=A)
        assert nowhere.status_code == 404
        assert (await post(f"{path}/fork", json={"upto": 1}, headers=A)).status_code == 422
        await side.say("words of b", **B)
        of_b = (await one(side, **B))["id"]
        theirs = {"conversation_id": of_b}
        assert (await post(f"{path}/merge", json=theirs, headers=A)).status_code == 404
        assert (await post(f"{path}/merge", json=theirs, headers=OPS)).status_code == 409
        itself = {"conversation_id": found["id"]}
        assert (await post(f"{path}/merge", json=itself, headers=A)).status_code == 409
        assert len((await get(side, "/api/conversations", **OPS))["items"]) == 2


async def test_the_same_request_again_gives_the_same_copy(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("one")
        first = (await one(side))["id"]
        key = {"Idempotency-Key": "copy-1"}
        made = await asyncio.gather(*(fork(side, first, **key) for _ in range(4)))
        (copy,) = {each["id"] for each in made}
        assert (await fork(side, first))["id"] != copy
        assert len((await get(side, "/api/conversations"))["items"]) == 3
        await side.client.delete(f"/api/conversations/{copy}")
        again = await side.client.post(f"/api/conversations/{first}/fork", headers=key)
        assert again.status_code == 409
        assert "deleted" in again.json()["detail"]


async def test_two_conversations_become_a_third_in_order_of_time(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("one")
        first = (await one(side))["id"]
        await side.say("/tag home")
        await side.say("/new")
        await side.say("two")
        second = (await get(side, "/api/conversations?limit=1"))["items"][0]["id"]
        await side.say("/tag work")
        await side.say(f"/resume {first}")
        await side.say("three")
        path = f"/api/conversations/{second}/merge"
        made = await side.client.post(path, json={"conversation_id": first})
        assert made.status_code == 201, made.text
        third = made.json()
        assert third["tags"] == ["home", "work"]
        assert await texts(side, third["id"]) == ["one", "two", "three"]
        assert await texts(side, first) == ["one", "three"]
        assert await texts(side, second) == ["two"]
        remembered = await side.bot.turns.runner._messages(third["id"])
        assert [each.text for each in remembered if each.type == "human"] == ["one", "two", "three"]
        await side.say(f"/resume {third['id']}")
        assert (await side.say("four")).json()["thread_id"] == third["id"]
        await agree(side.bot)


async def test_everything_of_a_person_is_taken_along_and_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        await side.say(f"{MARKER} of a", **A)
        await side.say(f"note: {MARKER}", **A)
        await side.say("/new", **A)
        await side.say(f"{MARKER} again", **A)
        await side.say("words of b", **B)
        there = await get(side, "/api/person?user_id=test_123", **A)
        assert (there["person"], there["conversations"]) == ("api:a/test_123", 2)
        path = "/api/person/export?user_id=test_123"
        as_json = await get(side, f"{path}&format=json", **A)
        assert len(as_json["conversations"]) == 2
        for kind in ("markdown", "html"):
            page = await side.client.get(f"{path}&format={kind}", headers=A)
            assert f"{MARKER} again" in page.text
            assert "words of b" not in page.text
        packed = await side.client.get(f"{path}&format=zip", headers=A)
        with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
            notes = archive.read("notes.jsonl").decode()
            assert json.loads(archive.read("manifest.json"))["scope"]["of"] == "api:a/test_123"
        assert MARKER in notes
        assert not list((tmp_path / "data" / "exports").iterdir())

        delete = side.client.delete
        who = "/api/person?user_id=test_123"
        for wrong in ("", "&confirm=yes", "&confirm=api:b/test_123"):
            assert (await delete(f"{who}{wrong}", headers=A)).status_code == 409
        stolen = "/api/person?person=api:a/test_123&confirm=api:a/test_123"
        assert (await delete(stolen, headers=B)).status_code == 403
        assert (await delete("/api/person", headers=A)).status_code == 404
        gone = await delete(f"{who}&confirm={there['person']}", headers=A)
        assert gone.status_code == 200, gone.text
        assert (gone.json()["conversations"], gone.json()["notes"]) == (2, 1)
        assert gone.json()["archives_until"] == there["archives_until"]
        assert await left_in(tmp_path) == []
        assert (await one(side, **B))["title"] == "words of b"
        gone = await delete(f"{who}&confirm={there['person']}", headers=A)
        assert gone.json()["conversations"] == 0, "again, it deletes nothing"


async def test_an_admin_forgets_anybody_also_while_a_turn_is_at_work(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        await side.say(f"send {MARKER} to me", **A)
        turns = [asyncio.create_task(side.say(f"{MARKER} {n}", **A)) for n in range(5)]
        await asyncio.sleep(0.05)
        who = "person=api:a/test_123&confirm=api:a/test_123"
        gone = await side.client.delete(f"/api/person?{who}", headers=OPS)
        assert gone.status_code == 200, gone.text
        assert gone.json()["withdrawn"] == 1
        await asyncio.gather(*turns)
        gone = await side.client.delete(f"/api/person?{who}", headers=OPS)
        assert await left_in(tmp_path) == []
        await agree(side.bot)


async def test_of_many_who_take_all_along_at_once_each_gets_their_own(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        people = [(user, key) for user in ("ann", "bob", "eve") for key in (A, B)]
        for user, key in people:
            await side.say("hello", user, **key)

        async def whose(user: str, key: dict[str, str]) -> Any:
            path = f"/api/person/export?user_id={user}&format=zip"
            packed = await side.client.get(path, headers=key)
            with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
                return json.loads(archive.read("manifest.json"))["scope"]["of"]

        found = await asyncio.gather(*(whose(user, key) for user, key in people))
        assert found == [f"api:{key}/{user}" for user in ("ann", "bob", "eve") for key in "ab"]
        assert not list((tmp_path / "data" / "exports").iterdir())
