"""Killed before any change of a file: everything is as it was, or as it is in the backup."""

import asyncio
import shutil
import signal
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sessions.restore_files import RestoreFiles
from tests.backups.dying import agree, finish, run_and_die
from tests.backups.keeping import everything, everything_in, setup_in
from tests.forked import PROCESSES
from tests.stories.house import open_house


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an older backup in it, and what that one holds."""
    home = tmp_path_factory.mktemp("home")

    async def chat() -> None:
        async with open_house(home) as house:
            await house.people.say("ann", "note: milk")
            made = await house.bot.vault.backups.make("asked")
            (home / "then").mkdir()
            await house.bot.vault.backups.unpack(made.path, home / "then")
            await house.people.say("bob", "what came later")
            made.path.rename(home / "wanted.tar.gz")

    asyncio.run(chat())
    # Somebody was forgotten since.
    with closing(sqlite3.connect(home / "data" / "conversations.db")) as db, db:
        db.execute("INSERT INTO forgotten (who, at, done) VALUES ('who', 1, 1)")
    shutil.rmtree(home / "data" / "logs", ignore_errors=True)
    return home


def killed(home: Path, story: Callable[[Path], Coroutine[Any, Any, None]], at: int) -> bool:
    """Run a story in a process of its own; say whether it was killed."""
    child = PROCESSES.Process(target=run_and_die, args=(home, story, at))
    child.start()
    child.join(60)
    assert child.exitcode in {0, -signal.SIGKILL}
    return child.exitcode != 0


def put_in_place(home: Path, tmp_path: Path) -> Path:
    """Restore without a death; who was forgotten since is all that differs from the backup."""
    ready, whole = tmp_path / "ready", tmp_path / "whole"
    shutil.copytree(home, ready)
    asyncio.run(agree(ready))
    shutil.copytree(ready, whole)
    asyncio.run(finish(whole))
    with closing(sqlite3.connect(whole / "data" / "conversations.db")) as db:
        assert db.execute("SELECT who, at, done FROM forgotten").fetchall() == [("who", 1, 0)]
    found, then = everything(whole), everything_in(home / "then", home / "then" / "sessions.csv")
    records = "conversations.db"
    assert {**found, records: then[records]} == then
    return whole


def dies_while_agreeing(home: Path, tmp_path: Path, every: int) -> tuple[int, int]:
    """Die before each n-th step; count the steps, and the times that it was agreed to."""
    before, then = everything(home), everything(put_in_place(home, tmp_path))
    step, agreed = 1, 0
    while True:
        life = tmp_path / str(step)
        shutil.copytree(home, life)
        was_killed = killed(life, agree, step)
        files = RestoreFiles(setup_in(life).places)
        has_agreed = files.read_intent() is not None
        agreed += has_agreed
        asyncio.run(finish(life))
        assert everything(life) == (then if has_agreed else before), f"killed at {step}"
        assert not files.folder.exists()
        if not was_killed:
            return step, agreed
        shutil.rmtree(life)
        step += every


def dies_while_finishing(home: Path, tmp_path: Path, every: int) -> int:
    """Die before each n-th step; count the steps. Each life ends as one without a death."""
    whole = put_in_place(home, tmp_path)
    then, keys = everything(whole), (whole / "data" / "forgotten.key").read_bytes()
    ready, step = tmp_path / "ready", 1
    while True:
        life = tmp_path / str(step)
        shutil.copytree(ready, life)
        was_killed = killed(life, finish, step)
        asyncio.run(finish(life))
        assert everything(life) == then, f"killed at {step}"
        assert (life / "data" / "forgotten.key").read_bytes() == keys
        outcome = RestoreFiles(setup_in(life).places).read_outcome()
        assert outcome is not None
        assert outcome.done
        assert (life / "data" / "backups" / outcome.kept).is_file()
        if not was_killed:
            return step
        shutil.rmtree(life)
        step += every


@pytest.mark.timeout(120)
def test_killed_while_agreeing_nothing_has_changed_or_it_is_all_agreed(
    home: Path, tmp_path: Path
) -> None:
    dies_while_agreeing(home, tmp_path, 9)


@pytest.mark.timeout(120)
def test_killed_while_a_backup_is_put_in_place_the_next_start_goes_on_with_it(
    home: Path, tmp_path: Path
) -> None:
    dies_while_finishing(home, tmp_path, 9)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_killed_at_any_step_of_backing_up_and_agreeing(home: Path, tmp_path: Path) -> None:
    steps, agreed = dies_while_agreeing(home, tmp_path, 1)
    assert steps > 10
    assert agreed >= 1


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_killed_at_any_step_of_putting_a_backup_in_place(home: Path, tmp_path: Path) -> None:
    assert dies_while_finishing(home, tmp_path, 1) > 15
