"""Backups on the command line, with a bot running and without one."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.backups.keeping import flip
from tests.cli.program import Threadline, in_process, running_bot, write_env
from tests.data.damage import cut_short, put_a_foreign_file, remove, zero_a_page


@pytest.fixture(params=["the bot runs", "no bot runs"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    write_env(tmp_path)
    with running_bot(tmp_path) if request.param == "the bot runs" else nullcontext():
        yield tmp_path


@pytest.fixture
def threadline(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Threadline:
    return in_process(home, monkeypatch, capsys)


@pytest.mark.timeout(180)
def test_a_backup_is_made_verified_and_put_back(threadline: Threadline, home: Path) -> None:
    threadline("chat", typed="note: milk\n")
    made = threadline("data", "backup")
    archive = made.out.split()[0]
    assert made.out.startswith(f"{archive} holds ")
    assert "Nobody could write for " in made.out
    threadline("chat", typed="what came later\n")
    assert f"{archive} is whole" in threadline("data", "verify").out
    looked = threadline("data", "restore", archive, "--dry-run")
    assert "conversations.db: messages: 4 now, 2 then\n" in looked.out
    asked = threadline("data", "restore", archive)
    assert (asked.status, "--yes" in asked.err) == (1, True)
    done = threadline("data", "restore", archive, "--yes")
    assert f"{archive} is in place. What was there before is kept: threadline-" in done.out
    there = json.loads(threadline("data", "info", "--json").out)
    assert [each["why"] for each in there["backups"]] == ["before-restore", "asked"]
    assert there["backups"][1]["verified_at"] is not None
    assert there["last_restore"]["done"] is True
    shown = threadline("data", "info").out
    assert f"{archive} is in place" in shown
    assert archive in shown
    assert re.search(r"^first message +20\d\d-", shown, re.MULTILINE)
    assert "Nothing" not in threadline("data", "restore", archive, "--dry-run").err


@pytest.mark.timeout(180)
def test_a_backup_from_elsewhere_is_named_by_its_path_and_a_damaged_one_is_refused(
    threadline: Threadline, home: Path
) -> None:
    archive = threadline("data", "backup").out.split()[0]
    elsewhere = home / "elsewhere.tar.gz"
    (home / "data" / "backups" / archive).rename(elsewhere)
    assert "There is no such backup" in threadline("data", "restore", archive, "--yes").err
    gone = threadline("data", "verify", archive)
    assert (gone.status, gone.err) == (
        1,
        "There is no such backup; `data info` lists them.\n",
    )
    assert "elsewhere.tar.gz is whole" in threadline("data", "verify", str(elsewhere)).out
    flip(elsewhere, elsewhere.stat().st_size // 2)
    refused = threadline("data", "restore", str(elsewhere), "--yes")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.startswith("Nothing was changed. elsewhere.tar.gz is damaged: ")


@pytest.mark.parametrize("name", ["conversations.db", "threads.db", "notes.db"])
@pytest.mark.parametrize("harm", [cut_short, zero_a_page, put_a_foreign_file, remove])
@pytest.mark.timeout(180)
def test_a_backup_takes_the_place_of_a_file_that_no_bot_can_open(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    harm: Callable[[Path], None],
) -> None:
    write_env(tmp_path)
    threadline = in_process(tmp_path, monkeypatch, capsys)
    threadline("chat", typed="note: milk\n")
    archive = threadline("data", "backup").out.split()[0]
    path = tmp_path / "data" / name
    harm(path)
    harmed = path.read_bytes() if path.exists() else None
    looked = threadline("data", "restore", archive, "--dry-run")
    assert (looked.status, f"{name} is damaged" in looked.out) == (0, harmed is not None)
    assert (path.read_bytes() if path.exists() else None) == harmed
    done = threadline("data", "restore", archive, "--yes")
    assert (done.status, f"{archive} is in place" in done.out) == (0, True), done.err
    kept = [folder / name for folder in (tmp_path / "data").glob("damaged-*")]
    assert [each.read_bytes() for each in kept] == [harmed] * (harmed is not None)
    assert threadline("data", "integrity").out == "Everything is whole and agrees.\n"
    assert "milk" in threadline("chat", typed="what are my notes?\n").out


@pytest.mark.timeout(180)
def test_a_backup_takes_the_place_of_a_file_of_sessions_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_env(tmp_path)
    threadline = in_process(tmp_path, monkeypatch, capsys)
    threadline("chat", typed="hello\n")
    archive = threadline("data", "backup").out.split()[0]
    csv = tmp_path / "sessions.csv"
    whole = csv.read_text()
    csv.write_text("something else\n")
    assert threadline("data", "restore", archive, "--yes").status == 0
    assert csv.read_text() == whole


def test_a_bot_that_cannot_open_a_file_says_that_a_backup_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_env(tmp_path)
    threadline = in_process(tmp_path, monkeypatch, capsys)
    threadline("chat", typed="hello\n")
    cut_short(tmp_path / "data" / "conversations.db")
    assert "with `data restore`" in threadline("sessions", "list").err
