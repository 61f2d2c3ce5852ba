"""Somebody's own conversations over HTTP: look through them, find words, name them."""

from pathlib import Path
from typing import Any

from tests.stories.words_left import MARKER, left_in
from tests.web.running import Side, running

KEYS = "a:app:secret-of-a,b:app:secret-of-b,ops:admin:secret-of-ops"
A, B, OPS = ({"Authorization": f"Bearer secret-of-{name}"} for name in ("a", "b", "ops"))


async def get(side: Side, path: str, **headers: str) -> Any:
    response = await side.client.get(path, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def one(side: Side, **headers: str) -> Any:
    (found,) = (await get(side, "/api/conversations?user_id=test_123", **headers))["items"]
    return found


async def test_conversations_are_listed_in_pages_the_last_used_first(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        for number in range(5):
            await side.say(f"subject {number}")
            await side.say("/new")
        await side.say("of somebody else", user_id="eve")
        titles, path = [], "/api/conversations?user_id=test_123&limit=2"
        pages = 0
        more: str | None = ""
        while more is not None:
            page = await get(side, f"{path}&after={more}")
            titles += [item["title"] for item in page["items"]]
            pages, more = pages + 1, page["next"]
        assert titles == [f"subject {number}" for number in (4, 3, 2, 1, 0)]
        assert pages == 3
        everybody = await get(side, "/api/conversations")
        assert {item["owner"] for item in everybody["items"]} == {"api:test_123", "api:eve"}
        (of_eve,) = (await get(side, "/api/conversations?person=api:eve"))["items"]
        assert of_eve["title"] == "of somebody else"
        assert (await side.client.get("/api/conversations?after=nonsense")).status_code == 422
        later = "2100-01-01T00:00:00Z"
        assert (await get(side, f"/api/conversations?since={later}"))["items"] == []
        assert len((await get(side, f"/api/conversations?until={later}"))["items"]) == 6


async def test_a_conversation_is_read_in_pages(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        for number in range(3):
            await side.say(f"word {number}")
        found = await one(side)
        path = f"/api/conversations/{found['id']}/messages?limit=4"
        first = await get(side, path)
        rest = await get(side, f"{path}&after={first['next']}")
        both = first["items"] + rest["items"]
        assert rest["next"] is None
        assert [item["text"] for item in both if item["role"] == "user"] == [
            f"word {number}" for number in range(3)
        ]
        assert [item["answers"] for item in both[1::2]] == [item["id"] for item in both[::2]]


async def test_a_conversation_is_named_and_tagged(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("how much water for a fern")
        found = await one(side)
        path = f"/api/conversations/{found['id']}"
        named = await side.client.patch(path, json={"title": "Plants", "tags": ["#Home", "green"]})
        assert named.status_code == 200
        assert named.json() == await get(side, path)
        assert (named.json()["title"], named.json()["tags"]) == ("Plants", ["green", "home"])
        assert (await one(side))["tags"] == ["green", "home"]
        tagged = await get(side, "/api/conversations?tag=home")
        assert [item["id"] for item in tagged["items"]] == [found["id"]]
        assert (await get(side, "/api/conversations?tag=hom"))["items"] == []
        for wrong in ({"title": " "}, {"tags": ["a b"]}, {"color": "red"}, {"tags": ["x"] * 21}):
            assert (await side.client.patch(path, json=wrong)).status_code == 422
        untouched = await side.client.patch(path, json={})
        assert untouched.json() == named.json()


async def test_words_are_found_in_pages(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        for number in range(3):
            await side.say(f"apple {number}")
        path = "/api/search?user_id=test_123&q=apple&limit=2"
        first = await get(side, path)
        assert first["complete"] is True
        rest = await get(side, f"{path}&after={first['next']}")
        lines = {item["line"] for item in first["items"] + rest["items"] if item["role"] == "user"}
        assert lines <= {f"apple {number}" for number in range(3)}
        conversation = await one(side)
        assert {item["conversation_id"] for item in first["items"]} == {conversation["id"]}
        assert (await get(side, "/api/search?user_id=eve&q=apple"))["items"] == []
        assert len((await get(side, "/api/search?q=apple"))["items"]) == len(
            first["items"] + rest["items"]
        )


async def test_each_key_sees_its_own_people_and_an_admin_everybody(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        await side.say("an apple of a", **A)
        await side.say("an apple of b", **B)
        of_a, of_b = await one(side, **A), await one(side, **B)
        assert (of_a["title"], of_b["title"]) == ("an apple of a", "an apple of b")
        assert [i["id"] for i in (await get(side, "/api/conversations", **A))["items"]] == [
            of_a["id"]
        ]
        assert len((await get(side, "/api/conversations", **OPS))["items"]) == 2
        path = f"/api/conversations/{of_a['id']}"
        for ending in ("", "/messages"):
            assert (await side.client.get(f"{path}{ending}", headers=B)).status_code == 404
        stolen = await side.client.patch(path, headers=B, json={"title": "mine"})
        assert stolen.status_code == 404
        assert (await get(side, path, **OPS))["title"] == "an apple of a"
        (line,) = {
            item["line"]
            for item in (await get(side, "/api/search?user_id=test_123&q=apple", **A))["items"]
            if item["role"] == "user"
        }
        assert line == "an apple of a"
        named = await side.client.get("/api/search?person=api:b/test_123&q=apple", headers=A)
        assert named.status_code == 403
        found = await get(side, "/api/search?person=api:b/test_123&q=apple", **OPS)
        assert "an apple of b" in {item["line"] for item in found["items"]}
        of_all = [(await get(side, "/api/search?q=apple", **who))["items"] for who in (A, B, OPS)]
        assert [len({item["conversation_id"] for item in found}) for found in of_all] == [1, 1, 2]


async def test_a_conversation_is_taken_along_as_it_was_said(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        await side.say("<script>alert(1)</script> & more")
        await side.say("/status")
        found = await one(side)
        path = f"/api/conversations/{found['id']}/export"
        as_json = await side.client.get(f"{path}?format=json")
        (conversation,) = as_json.json()["conversations"]
        said = [message["text"] for message in conversation["messages"]]
        assert said[0] == "<script>alert(1)</script> & more"
        assert len(said) == 2, "commands are left out"
        page = await side.client.get(f"{path}?format=html")
        assert "<script>" not in page.text
        assert "&lt;script&gt;" in page.text
        assert page.headers["content-disposition"].startswith("attachment")
        markdown = await side.client.get(path)
        assert markdown.text.startswith("# <script>")
        assert (await side.client.get(f"{path}?format=pdf")).status_code == 422


async def test_a_deleted_conversation_leaves_no_word(tmp_path: Path) -> None:
    async with running(tmp_path, API_KEYS=KEYS) as side:
        await side.say(f"{MARKER} in a word", **A)
        await side.say(f"send {MARKER} to me", **A)
        await side.say(f"what waits is {MARKER}", **A)
        await side.say(f"/search {MARKER}", **A)
        found = await one(side, **A)
        path = f"/api/conversations/{found['id']}"
        assert (await side.client.delete(path, headers=B)).status_code == 404
        assert (await side.client.delete(path, headers=A)).status_code == 204
        assert (await side.client.delete(path, headers=A)).status_code == 404
        assert await left_in(tmp_path) == []
        assert (await get(side, "/api/approvals", **OPS))["items"] == []
        answer = (await side.say("hello again", **A)).json()
        assert answer["thread_id"] != found["id"]
