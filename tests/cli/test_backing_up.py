"""Backups on the command line, with a bot running and without one."""

import json
import os
import pty
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

import bot.cli.long
from tests.backups.keeping import flip
from tests.cli.program import (
    Threadline,
    as_child,
    clean_environment,
    in_process,
    running_bot,
    write_env,
)
from tests.data.damage import zero_a_page
from tests.forked import fork


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


def look_on_a_terminal(home: Path, environment: dict[str, str], backup: str, terminal: str) -> None:
    """Be a command on a terminal, which looks so often that it sees also what is soon done."""
    for path, number in ((home / "out.txt", 1), (Path(terminal), 2)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(home)
    vars(bot.cli.long)["LOOK_SECONDS"] = 0.001
    sys.argv = ["threadline", "data", "restore", backup, "--dry-run"]
    bot.cli.main()


@pytest.mark.timeout(120)
def test_a_terminal_is_shown_how_far_it_is_and_a_pipe_is_not(tmp_path: Path) -> None:
    write_env(tmp_path)
    archive = as_child(tmp_path, "data", "backup")
    assert archive.err == ""
    name = archive.out.split()[0]
    ours, theirs = pty.openpty()
    try:
        environment, terminal = clean_environment(tmp_path), os.ttyname(theirs)
        looking = fork(look_on_a_terminal, tmp_path, environment, name, terminal)
        assert looking.wait(60) == 0
        os.set_blocking(ours, False)
        shown = os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert shown.startswith("\rverify")
    assert shown.endswith(" \r")
    assert (tmp_path / "out.txt").read_text() == "No table would have another number of rows.\n"


def test_who_cannot_start_for_damage_is_told_the_backups_and_can_restore_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_env(tmp_path)
    threadline = in_process(tmp_path, monkeypatch, capsys)
    threadline("chat", typed="note: milk\n")
    name = threadline("data", "backup").out.split()[0]
    zero_a_page(tmp_path / "data" / "conversations.db")
    told = threadline("data", "info")
    assert (told.status, name in told.out, "is damaged" in told.err) == (1, True, True)
    done = threadline("data", "restore", name, "--yes")
    assert (done.status, "before-restore.files" in done.out) == (0, True)
    assert threadline("data", "info").status == 0


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
