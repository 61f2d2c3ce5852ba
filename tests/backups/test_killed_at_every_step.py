"""Killed before any change of a file: everything is as it was, or as it is in the backup."""

import asyncio
import shutil
import signal
from collections.abc import Callable, Coroutine, Mapping
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
    shutil.rmtree(home / "data" / "logs", ignore_errors=True)
    return home


def then_in(home: Path) -> Mapping[str, object]:
    return everything_in(home / "then", home / "then" / "sessions.csv")


def killed(home: Path, story: Callable[[Path], Coroutine[Any, Any, None]], at: int) -> bool:
    """Run a story in a process of its own; say whether it was killed."""
    child = PROCESSES.Process(target=run_and_die, args=(home, story, at))
    child.start()
    child.join(60)
    assert child.exitcode in {0, -signal.SIGKILL}
    return child.exitcode != 0


@pytest.mark.timeout(600)
def test_killed_while_backing_up_and_agreeing_nothing_has_changed_or_it_is_all_agreed(
    home: Path, tmp_path: Path
) -> None:
    before, then = everything(home), then_in(home)
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
            break
        shutil.rmtree(life)
        step += 1
    assert step > 10
    assert agreed >= 1


@pytest.mark.timeout(600)
def test_killed_while_a_backup_is_put_in_place_the_next_start_goes_on_with_it(
    home: Path, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    shutil.copytree(home, ready)
    asyncio.run(agree(ready))
    then, step = then_in(home), 1
    while True:
        life = tmp_path / str(step)
        shutil.copytree(ready, life)
        was_killed = killed(life, finish, step)
        asyncio.run(finish(life))
        assert everything(life) == then, f"killed at {step}"
        outcome = RestoreFiles(setup_in(life).places).read_outcome()
        assert outcome is not None
        assert outcome.done
        assert (life / "data" / "backups" / outcome.kept).is_file()
        if not was_killed:
            break
        shutil.rmtree(life)
        step += 1
    assert step > 15
