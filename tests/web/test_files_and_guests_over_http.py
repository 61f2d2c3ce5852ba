"""Files of answers are fetched, and strangers let in, over HTTP."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sessions.guests import Guests
from sessions.models import Place
from tests.web.running import Side, running

HOUR = timedelta(hours=1)


async def get(side: Side, path: str, **headers: str) -> Any:
    response = await side.client.get(path, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_file_of_an_answer_is_listed_and_fetched_by_its_person_alone(
    tmp_path: Path,
) -> None:
    keys = "a:app:secret-of-a,b:app:secret-of-b"
    async with running(tmp_path, API_KEYS=keys) as side:
        a, b = ({"Authorization": f"Bearer secret-of-{name}"} for name in "ab")
        body = (await side.say("write tea and milk to a file", **a)).json()
        (file,) = body["files"]
        assert (file["name"], file["media_type"], file["size"]) == ("answer.txt", "text/plain", 12)
        fetched = await side.client.get(file["url"], headers=a)
        assert fetched.content == b"tea and milk"
        assert "attachment" in fetched.headers["content-disposition"]
        assert fetched.headers["x-content-type-options"] == "nosniff"
        mail = await get(side, "/api/messages?user_id=test_123", **a)
        assert mail["items"][0]["files"] == body["files"]
        assert (await get(side, f"/api/messages/{body['message_id']}", **a))["files"] == [file]
        assert (await side.client.get(file["url"], headers=b)).status_code == 404
        missing = file["url"].replace("/files/1", "/files/2")
        assert (await side.client.get(missing, headers=a)).status_code == 404


async def test_an_operator_lets_a_stranger_in_with_their_code(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        guests = Guests(side.bot.office.database)
        now = side.bot.clock()
        await guests.tell("telegram:5", at=now, code="K7M2XW4H", expires_at=now + HOUR)
        wrong = await side.client.post("/api/guests/accept", json={"code": "NONSENSE"})
        assert wrong.status_code == 404
        let_in = await side.client.post("/api/guests/accept", json={"code": "k7m2xw4h"})
        assert let_in.json()["person"] == "telegram:5"
        (told,) = await side.bot.conversations.mailbox(
            Place("telegram", "5", "5"), after=0, limit=9
        )
        assert told.text.startswith("You are let in.")
        assert (await get(side, "/api/guests"))["items"] == [let_in.json()]
        gone = await side.client.post("/api/guests/remove", json={"person": "telegram:5"})
        assert gone.status_code == 204
        assert (await get(side, "/api/guests"))["items"] == []


async def test_codes_cannot_be_tried_without_end(tmp_path: Path) -> None:
    async with running(tmp_path) as side:
        tried = [
            (await side.client.post("/api/guests/accept", json={"code": f"WRONG{n}"})).status_code
            for n in range(12)
        ]
        assert tried[0] == 404
        assert tried[-1] == 429
