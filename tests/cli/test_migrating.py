"""`data migrate` on the command line: it says, asks, brings in, and takes out again."""

import json
from pathlib import Path

import pytest

from tests.cli.program import Threadline, in_process, write_env
from tests.migrating import old_bots


@pytest.fixture
def threadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Threadline:
    write_env(tmp_path)
    return in_process(tmp_path, monkeypatch, capsys)


def test_it_says_what_is_there_asks_brings_it_in_and_takes_it_out_again(
    tmp_path: Path, threadline: Threadline
) -> None:
    old = old_bots.research_folder(tmp_path / "old")
    nobody = threadline("data", "migrate", str(old))
    assert (nobody.status, "--person telegram:12345" in nobody.err) == (1, True)
    named = ("data", "migrate", str(old), "--person", "api:terminal")
    looked = threadline(*named, "--dry-run")
    assert "research_sessions.db: research sessions, 1 conversation, 3 messages\n" in looked.out
    assert "  vector_memory.db: There are no conversations" in looked.out
    asked = threadline(*named)
    assert (asked.status, "--yes" in asked.err) == (1, True)
    done = threadline(*named, "--yes")
    assert "Brought in: 1 conversations with 3 messages" in done.out
    assert "It was read back, and is as it was read." in done.out
    assert "Nothing was new." in threadline(*named, "--yes").out
    chatted = threadline("chat", typed="/search curl\n")
    assert "why do ferns curl" in chatted.out
    (listed,) = json.loads(threadline("data", "migrations", "--json").out)
    undone = threadline("data", "migrate", "--undo", listed["id"], "--yes")
    assert "Taken out: 1 conversations with 3 messages, 0 sessions." in undone.out
    assert "undone" in threadline("data", "migrations").out
    assert threadline("data", "migrate", "--undo", "20200101T000000Z").status == 1
    assert threadline("data", "migrate").status == 2


@pytest.mark.parametrize(
    "written", ["alice,memory:ann\nbob,telegram:5\n", '{"alice": "memory:ann", "8": "telegram:5"}']
)
def test_who_is_who_is_read_from_a_file(
    tmp_path: Path, threadline: Threadline, written: str
) -> None:
    old = old_bots.users_export(tmp_path / "users.json")
    people = tmp_path / "people"
    people.write_text(written)
    looked = threadline("data", "migrate", str(old), "--people", str(people), "--dry-run", "--json")
    assert json.loads(looked.out)["people"] == {"memory:ann": 1, "telegram:5": 1}
    people.write_text("alice\n")
    refused = threadline("data", "migrate", str(old), "--people", str(people))
    assert (refused.status, "Line 1 of" in refused.err) == (1, True)
