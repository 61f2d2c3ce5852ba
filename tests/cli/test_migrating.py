"""`data migrate` on the command line: it says, asks, brings in, and takes out again."""

import json
from pathlib import Path

import pytest

from bot.cli.data_migrate import _who_is_who
from bot.cli.house import Refusal
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
    named = ("data", "migrate", str(old), "--person", "api:terminal")
    looked = threadline(*named, "--dry-run")
    assert "research_sessions.db: research sessions, 1 conversation, 3 messages\n" in looked.out
    assert "  vector_memory.db: There are no conversations" in looked.out
    done = threadline(*named, "--yes")
    assert (
        "Brought in: 1 conversation, 3 messages. The state before is kept: threadline-" in done.out
    )
    assert "It was read back, and is as it was read." in done.out
    chatted = threadline("chat", typed="/search curl\n")
    assert "why do ferns curl" in chatted.out
    (listed,) = json.loads(threadline("data", "migrations", "--json").out)
    undone = threadline("data", "migrate", "--undo", listed["id"], "--yes")
    assert "Taken out: 1 conversation, 3 messages." in undone.out
    assert threadline("data", "migrate").status == 2


def test_who_is_who_is_read_from_a_file(tmp_path: Path) -> None:
    people = tmp_path / "people"
    known = {"alice": "memory:ann", "8": "telegram:5"}
    people.write_text("name,person\nalice, memory:ann\n8,telegram:5\n")
    assert _who_is_who(people) == known
    people.write_text(json.dumps(known))
    assert _who_is_who(people) == known
    for written in ("alice\n", '{"alice": 5}', '{"alice"', "\udcff"):
        people.write_bytes(written.encode("utf-8", "surrogateescape"))
        with pytest.raises(Refusal):
            _who_is_who(people)
