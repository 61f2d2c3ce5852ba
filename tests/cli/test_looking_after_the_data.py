"""Integrity and repair on the command line, with a bot running and without one."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import httpx
import pytest

from bot.web.sockets import reachable
from tests.cli.program import Threadline, in_process, running_bot, write_env
from tests.data.damage import by_hand, cut_short, put_a_foreign_file, remove, zero_a_page

ALSO_CUT_SHORT = pytest.param(cut_short, marks=pytest.mark.soak)
WHOLE = "Everything is whole and agrees.\n"


@pytest.fixture
def threadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Threadline:
    write_env(tmp_path)
    return in_process(tmp_path, monkeypatch, capsys)


@pytest.fixture(params=["the bot runs", "no bot runs"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    write_env(tmp_path)
    with running_bot(tmp_path) if request.param == "the bot runs" else nullcontext():
        yield tmp_path


def test_everything_is_looked_at_and_what_is_wrong_is_mended(
    home: Path, threadline: Threadline
) -> None:
    threadline("chat", typed="hello\nsend hello to me\n")
    looked = threadline("data", "integrity")
    assert (looked.status, looked.out) == (0, WHOLE)
    by_hand(home / "data" / "conversations.db", "UPDATE messages SET files = 2 WHERE number = 1")
    found = threadline("data", "integrity", "--json")
    assert found.status == 1
    (finding,) = json.loads(found.out)
    assert (finding["rule"], finding["mend"]) == ("files counted", "data repair")
    asked = threadline("data", "repair")
    assert (asked.status, "--yes" in asked.err) == (1, True)
    assert "Mended: 1.\n" in threadline("data", "repair", "--yes").out
    assert threadline("data", "integrity").out == WHOLE


def test_a_home_in_which_no_bot_ever_ran_has_nothing_wrong(threadline: Threadline) -> None:
    assert threadline("data", "integrity").out == WHOLE


@pytest.mark.parametrize("name", ["conversations.db", "threads.db", "notes.db"])
@pytest.mark.parametrize("harm", [cut_short, zero_a_page, put_a_foreign_file, remove])
def test_a_damaged_file_is_named_and_left_as_it_is(
    tmp_path: Path, threadline: Threadline, name: str, harm: Callable[[Path], None]
) -> None:
    threadline("chat", typed="hello\nnote that the kettle boils\nsend hello to me\n")
    path = tmp_path / "data" / name
    harm(path)
    before = path.read_bytes() if path.exists() else None
    found = threadline("data", "integrity")
    assert found.status == 1
    assert {line.split("\t")[0] for line in found.out.splitlines()} == {name}
    assert "data restore FILE" in found.out
    assert (path.read_bytes() if path.exists() else None) == before


@pytest.mark.parametrize("harm", [ALSO_CUT_SHORT, put_a_foreign_file, remove])
def test_a_file_of_sessions_that_is_damaged_is_named(
    tmp_path: Path, threadline: Threadline, harm: Callable[[Path], None]
) -> None:
    threadline("chat", typed="hello\n")
    harm(tmp_path / "sessions.csv")
    found = threadline("data", "integrity")
    assert found.first_cell == "sessions.csv"
    assert found.status == (harm is put_a_foreign_file), "the file is a person's to change"


@pytest.mark.parametrize("harm", [ALSO_CUT_SHORT, put_a_foreign_file])
def test_a_damaged_search_index_is_named_and_costs_nothing(
    tmp_path: Path, threadline: Threadline, harm: Callable[[Path], None]
) -> None:
    threadline("chat", typed="hello\n/search hello\n")
    harm(tmp_path / "data" / "search.db")
    found = threadline("data", "integrity")
    assert (found.status, found.first_cell) == (0, "search.db")
    assert threadline("data", "integrity").out == WHOLE


def test_a_row_that_somebody_changed_is_named_and_kept_if_the_operator_says_so(
    tmp_path: Path, threadline: Threadline
) -> None:
    threadline("chat", typed="hello\n")
    by_hand(
        tmp_path / "data" / "conversations.db", "UPDATE messages SET text = 'hi' WHERE number = 1"
    )
    found = threadline("data", "integrity")
    assert found.status == 1
    assert "Row 1 of messages, the message of api:terminal of 2" in found.out
    mended = threadline("data", "repair", "--accept", "--yes")
    assert (mended.status, mended.out.endswith("Mended: 1.\n")) == (0, True)


def test_a_row_that_cannot_be_served_and_files_that_others_read_are_warnings(
    tmp_path: Path, threadline: Threadline
) -> None:
    threadline("chat", typed="hello\n")
    csv = tmp_path / "sessions.csv"
    csv.write_text(csv.read_text() + "a,b\n")
    csv.chmod(0o644)
    found = threadline("data", "integrity")
    assert found.status == 0
    assert "A row will not be served" in found.out
    assert "can be read by other accounts" in found.out


def test_looking_takes_up_nothing_that_a_start_would(
    tmp_path: Path, threadline: Threadline
) -> None:
    threadline("chat", typed="hello\nsend hello to me\n")
    csv = tmp_path / "sessions.csv"
    cut = csv.read_bytes()[:-40]
    csv.write_bytes(cut)
    found = threadline("data", "integrity")
    assert "A row will not be served" in found.out
    assert "Nothing was opened" in found.err
    assert (csv.read_bytes(), (tmp_path / "sessions.csv.rejected").exists()) == (cut, False)
    csv.unlink()
    for _ in range(2):
        assert "sessions.csv is gone" in threadline("data", "integrity").out
    assert not csv.exists()


def test_a_broken_reference_hides_nothing_else(tmp_path: Path, threadline: Threadline) -> None:
    threadline("chat", typed="hello\n")
    by_hand(
        tmp_path / "data" / "conversations.db",
        "UPDATE messages SET text = 'hi' WHERE number = 2",
        "DELETE FROM messages WHERE number = 1",
    )
    found = json.loads(threadline("data", "integrity", "--json").out)
    assert {each["rule"] for each in found} >= {"whole references", "as it was written"}
    assert len(found) == len({json.dumps(each) for each in found})


def test_a_damaged_journal_and_an_edit_after_a_crash_are_named(
    tmp_path: Path, threadline: Threadline
) -> None:
    with running_bot(tmp_path) as bot:
        threadline("chat", "--as", "ann", typed="hello\n")
        threadline("chat", "--as", "bob", typed="hello\nsend hello to me\n")
        bot.process.send(signal.SIGKILL)
        bot.process.wait()
    journal = tmp_path / "sessions.csv.journal"
    kept = tmp_path / "kept.journal"
    shutil.copy(journal, kept)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:1], b"00000000 1 put x\n", *lines[1:], *lines[-1:]]))
    found = threadline("data", "integrity")
    assert (found.status, found.first_cell) == (1, "sessions.csv.journal")
    shutil.copy(kept, journal)
    csv = tmp_path / "sessions.csv"
    csv.write_text(csv.read_text() + "\n")
    assert "Somebody edited it" in threadline("data", "integrity").out


def test_what_is_old_is_said_before_it_goes(home: Path, threadline: Threadline) -> None:
    threadline("chat", typed="hello\n")
    assert threadline("data", "cleanup").out == "Nothing is older than it may be.\n"
    by_hand(
        home / "data" / "conversations.db",
        "UPDATE messages SET created_at = 1",
        "UPDATE conversations SET updated_at = 1",
    )
    threadline("sessions", "end", threadline("sessions", "list").first_cell, "--yes")
    said = threadline("data", "cleanup", "--dry-run")
    assert (said.status, said.out.split()[:2]) == (0, ["conversations", "1"])
    asked = threadline("data", "cleanup")
    assert (asked.status, "--yes" in asked.err) == (1, True)
    assert json.loads(threadline("data", "cleanup", "--dry-run", "--json").out)["messages"] == 2
    assert "It is gone" in threadline("data", "cleanup", "--yes").out
    assert threadline("data", "cleanup").out == "Nothing is older than it may be.\n"
    assert threadline("data", "integrity").out == WHOLE


def test_an_export_is_written_and_taken_in(home: Path, threadline: Threadline) -> None:
    threadline("chat", typed="hello\n")
    written = threadline("data", "export", "--person", "api:terminal")
    assert written.status == 0, written.err
    (path,) = (home / "data" / "exports").iterdir()
    assert str(path) in written.out
    by_name = threadline("data", "import", path.name, "--dry-run")
    assert by_name.out.startswith("It is whole: person of api:terminal")
    looked = threadline("data", "import", str(path), "--dry-run")
    assert (looked.status, looked.out.startswith("It is whole: person of api:terminal")) == (
        0,
        True,
    )
    assert threadline("data", "import", str(path)).status == 1
    assert threadline("data", "import", str(path), "--yes").out.endswith("Added: nothing.\n")
    cut_short(path)
    refused = threadline("data", "import", str(path), "--yes")
    assert (refused.status, "is no ZIP, or is damaged" in refused.err) == (1, True)


@pytest.mark.parametrize("whose", ["--person", "--session"])
def test_an_empty_name_is_nobody_and_not_everybody(threadline: Threadline, whose: str) -> None:
    refused = threadline("data", "export", whose, "")
    assert (refused.status, refused.err.startswith("Say of whom")) == (1, True)


def test_a_chat_in_the_terminal_shows_where_a_file_is_fetched(
    tmp_path: Path, threadline: Threadline
) -> None:
    with running_bot(tmp_path):
        shown = threadline("chat", typed="write tea and milk to a file\n").out
        address = shown.split("HTTP gives it: ")[1].split("]")[0]
        with reachable(tmp_path / "data" / "control.sock") as socket:
            transport = httpx.HTTPTransport(uds=socket)
            with httpx.Client(transport=transport, base_url="http://localhost") as client:
                assert client.get(address).content == b"tea and milk"
