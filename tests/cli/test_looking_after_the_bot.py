"""Dead letters, people and statistics on the command line, with a bot running and without one."""

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from sessions.conversations import Conversations
from sessions.database import Database
from sessions.models import Message, Place
from tests.cli.program import Threadline, in_process, running_bot, write_env

TERMINAL = Place("api", "terminal", "terminal")


def now() -> datetime:
    return datetime.now(UTC)


async def two_dead_letters(path: Path) -> None:
    """Leave a question that was never answered, and a message that was never delivered."""
    question = Message("question", "user", "Hello", TERMINAL, now(), "running", attempts=4)
    word = Message("word", "assistant", "The kettle\nboils.", TERMINAL, now(), "written")
    async with Database.open(path) as database:
        conversations = Conversations(database, clock=now)
        await conversations.receive(question)
        await conversations.dead.bury("question", "It stopped the bot.")
        await conversations.say(word)
        await conversations.dead.bury("word", "no network")


@pytest.fixture(params=["the bot runs", "no bot runs"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    write_env(tmp_path)
    asyncio.run(two_dead_letters(tmp_path / "data" / "conversations.db"))
    with running_bot(tmp_path) if request.param == "the bot runs" else nullcontext():
        yield tmp_path


@pytest.fixture
def threadline(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Threadline:
    return in_process(home, monkeypatch, capsys)


def state_of(home: Path, message_id: str) -> tuple[str, int]:
    path = home / "data" / "conversations.db"
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT state, attempts FROM messages WHERE id = ?"
        state, attempts = database.execute(query, (message_id,)).fetchone()
        return state, attempts


def test_dead_letters_are_listed_tried_again_and_dropped(
    home: Path, threadline: Threadline
) -> None:
    listed = threadline("dead", "list").out.splitlines()
    assert [line.split("\t")[:3] for line in listed] == [
        ["word", "not delivered", "api:terminal"],
        ["question", "not answered", "api:terminal"],
    ]
    assert listed[0].endswith("\tno network\tThe kettle boils.")
    (first, _) = json.loads(threadline("dead", "list", "--json").out)
    assert (first["id"], first["text"]) == ("word", "The kettle\nboils.")

    assert threadline("dead", "retry", "question").out == "question is tried again.\n"
    for _ in range(200):
        if state_of(home, "question")[0] == "answered":
            break
        time.sleep(0.05)
    assert state_of(home, "question") == ("answered", 0)

    asked = threadline("dead", "drop", "word")
    assert (asked.status, "--yes" in asked.err) == (1, True)
    assert threadline("dead", "drop", "word", "--yes").out == "Dropped word.\n"
    assert state_of(home, "word")[0] == "dead"
    assert threadline("dead", "list").out == ""


def test_a_message_of_the_bot_can_be_delivered_again(home: Path, threadline: Threadline) -> None:
    assert threadline("dead", "retry", "word").out == "word is tried again.\n"
    assert state_of(home, "word") == ("written", 0)


def test_a_dead_letter_that_is_none_is_said_in_a_sentence(threadline: Threadline) -> None:
    for command in (("retry", "nope"), ("drop", "nope", "--yes")):
        said = threadline("dead", *command)
        assert (said.status, said.out) == (1, "")
        assert said.err == "There is no such dead letter.\n"


def test_people_are_blocked_listed_and_unblocked(threadline: Threadline) -> None:
    assert threadline("people", "list").out == ""
    assert threadline("people", "block", "telegram:12345").out.startswith(
        "telegram:12345 is blocked since "
    )
    again = threadline("people", "block", "telegram:12345").out
    assert again.endswith(", by api:operator.\n")
    (row,) = threadline("people", "list").out.splitlines()
    person, _, by = row.split("\t")
    assert (person, by) == ("telegram:12345", "api:operator")
    (as_json,) = json.loads(threadline("people", "list", "--json").out)
    assert as_json["person"] == "telegram:12345"
    unblocked = threadline("people", "unblock", "telegram:12345").out
    assert unblocked == "telegram:12345 may speak again.\n"
    assert threadline("people", "list").out == ""
    gone = threadline("people", "unblock", "telegram:12345")
    assert (gone.status, gone.err) == (1, "There is no block of telegram:12345.\n")
    wrong = threadline("people", "block", "somebody")
    assert wrong.status == 1
    assert wrong.err.startswith("person: write platform:id, such as telegram:12345")


def test_somebody_is_forgotten_for_them_after_asking(home: Path, threadline: Threadline) -> None:
    asked = threadline("people", "forget", "api:terminal")
    assert (asked.status, "--yes" in asked.err) == (1, True)
    assert "Backups and exports that were made before keep the words until 20" in asked.out
    assert threadline("dead", "list").out
    done = threadline("people", "forget", "api:terminal", "--yes")
    assert (done.status, done.out.splitlines()[-1][:8]) == (0, "Deleted:")
    assert threadline("dead", "list").out == ""
    assert threadline("people", "forget", "somebody", "--yes").status == 1


def test_statistics_count_the_last_days(threadline: Threadline) -> None:
    whole, today = threadline("stats").out.splitlines()
    assert whole.startswith("since ")
    assert whole.split("\t")[1:] == ["api", "1", "0", "1", "1", ""]
    assert today.split("\t") == [f"{now():%Y-%m-%d}", "api", "1", "0", "1", "1", ""]
    assert json.loads(threadline("stats", "--json").out)["platforms"][0]["messages"] == 1


def test_a_running_bot_has_its_periodic_jobs_and_figures(tmp_path: Path) -> None:
    write_env(tmp_path)
    with running_bot(tmp_path) as bot:
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+(?=,)", bot.out.read_text())
        ready = httpx.get(f"{url}/ready").json()
        parts = {part["name"]: part["text"] for part in ready["parts"]}
        assert ready["ready"] is True
        assert parts["scheduler"].endswith(" periodic jobs are on time.")
        assert "\nthreadline_sessions 0.0\n" in httpx.get(f"{url}/metrics").text
