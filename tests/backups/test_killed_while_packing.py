"""The process that packs backups is killed, or the one that waits for it: nothing is half there."""

import asyncio
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

import pytest

from sessions.archive import ArchiveError
from sessions.backup import Backups, closed
from sessions.restore_files import RestoreFiles
from sessions.restoring import Restoring, finish_restore
from tests.backups.dying import now
from tests.backups.keeping import everything, setup_in
from tests.stories.house import open_house

IN_THE_CHILD = Path(__file__).with_name("in_the_child")
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.backups.dying"])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with something in it, and an archive of that."""
    home = tmp_path_factory.mktemp("home")

    async def chat() -> None:
        async with open_house(home) as house:
            await house.people.say("ann", "note: milk")
            made = await house.bot.vault.backups.make("asked")
            made.path.rename(home / "wanted.tar.gz")

    asyncio.run(chat())
    return home


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str, int], None]:
    """Say who dies when the child makes its n-th step; 0: nobody."""
    monkeypatch.syspath_prepend(str(IN_THE_CHILD))

    def die(home: Path, who: str, at: int) -> None:
        monkeypatch.setenv("DYING_HOME", str(home))
        monkeypatch.setenv("DYING_WHO", who)
        monkeypatch.setenv("DYING_AT", str(at))

    return die


def leftovers(home: Path) -> list[str]:
    """Name what no backup is in the directory of backups, and what is staged and not agreed to."""
    backups = [each.name for each in (home / "data" / "backups").iterdir()]
    left = [name for name in backups if not name.endswith(".tar.gz")]
    return left + ["restore"] * (home / "data" / "restore").exists()


async def make(home: Path) -> None:
    setup = setup_in(home)
    async with Backups(setup, closed(setup.places), clock=now) as backups:
        await backups.make("asked")


async def stage(home: Path) -> None:
    setup = setup_in(home)
    async with Backups(setup, closed(setup.places), clock=now) as backups:
        await Restoring(backups, clock=now).agree(home / "wanted.tar.gz")


async def failing(story: Coroutine[Any, Any, None]) -> str:
    """Say why it could not be done; empty if it could."""
    try:
        await story
    except ArchiveError as error:
        return str(error)
    return ""


def goes_on(home: Path, before: object) -> None:
    """Start, and back up: nothing has changed, nothing is left over, each backup is whole."""
    asyncio.run(finish_restore(setup_in(home), clock=now))
    asyncio.run(make(home))
    assert leftovers(home) == []
    assert everything(home) == before

    async def verify() -> None:
        setup = setup_in(home)
        async with Backups(setup, closed(setup.places), clock=now) as backups:
            for each in await asyncio.to_thread(setup.folder.all):
                await backups.verify(each.path)

    asyncio.run(verify())


def child_dies(
    home: Path,
    tmp_path: Path,
    dies: Callable[[Path, str, int], None],
    story: Callable[[Path], Coroutine[Any, Any, None]],
    steps: Iterable[int],
) -> int:
    """Kill the child before each of these steps until it has fewer; count the deaths."""
    before, deaths = everything(home), 0
    for step in steps:
        life = tmp_path / str(step)
        shutil.copytree(home, life)
        dies(life, "child", step)
        error = asyncio.run(failing(story(life)))
        if not error:
            return deaths
        assert "has ended" in error
        deaths += 1
        dies(life, "child", 0)
        assert RestoreFiles(setup_in(life).places).read_intent() is None
        goes_on(life, before)
        shutil.rmtree(life)
    return deaths


@pytest.mark.timeout(120)
def test_a_child_that_dies_while_it_packs_leaves_no_half_a_backup(
    home: Path, tmp_path: Path, dies: Callable[[Path, str, int], None]
) -> None:
    assert child_dies(home, tmp_path, dies, make, (7,)) == 1


@pytest.mark.timeout(120)
def test_a_child_that_dies_while_it_unpacks_leaves_nothing_that_is_agreed_to(
    home: Path, tmp_path: Path, dies: Callable[[Path, str, int], None]
) -> None:
    assert child_dies(home, tmp_path, dies, stage, (3,)) == 1


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("story", [make, stage])
def test_whenever_a_child_dies_nothing_is_half_there(
    home: Path,
    tmp_path: Path,
    dies: Callable[[Path, str, int], None],
    story: Callable[[Path], Coroutine[Any, Any, None]],
) -> None:
    assert child_dies(home, tmp_path, dies, story, range(1, 1000)) > 5


def parent_dies(
    home: Path, tmp_path: Path, dies: Callable[[Path, str, int], None], steps: Iterable[int]
) -> int:
    """Kill the one that waits before each of these steps of its child; count the deaths."""
    before, deaths = everything(home), 0
    for step in steps:
        life = tmp_path / str(step)
        shutil.copytree(home, life)
        dies(life, "parent", step)
        parent = PROCESSES.Process(target=run_until_killed, args=(life, dict(os.environ)))
        parent.start()
        parent.join(60)
        if parent.exitcode == 0:
            return deaths
        assert parent.exitcode == -signal.SIGKILL
        deaths += 1
        dies(life, "parent", 0)
        until_alone(life)
        goes_on(life, before)
        shutil.rmtree(life)
    return deaths


def run_until_killed(home: Path, environment: dict[str, str]) -> None:
    """Back up, in a process of its own that the child knows how to kill."""
    import sys  # noqa: PLC0415 - of the process that runs this

    os.environ.update(environment)
    sys.path.insert(0, str(IN_THE_CHILD))
    asyncio.run(make(home))


def until_alone(home: Path) -> None:
    """Wait until the child has noticed that nobody waits for it any more."""
    until = time.monotonic() + 30
    while any(str(home) in each for each in archivists()):
        assert time.monotonic() < until
        time.sleep(0.02)


def archivists() -> list[str]:
    """Name the directories in which processes that pack backups have files open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"sessions.archivist" in (process / "cmdline").read_bytes():
                found += [str(each.readlink()) for each in (process / "fd").iterdir()]
        except OSError:
            continue
    return found


@pytest.mark.timeout(120)
def test_when_the_bot_is_killed_its_child_ends_and_the_next_backup_is_whole(
    home: Path, tmp_path: Path, dies: Callable[[Path, str, int], None]
) -> None:
    assert parent_dies(home, tmp_path, dies, (9,)) == 1


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_whenever_the_bot_is_killed_while_its_child_packs_the_next_backup_is_whole(
    home: Path, tmp_path: Path, dies: Callable[[Path, str, int], None]
) -> None:
    assert parent_dies(home, tmp_path, dies, range(1, 1000)) > 5


async def test_a_start_takes_away_what_a_killed_backup_has_left(home: Path, tmp_path: Path) -> None:
    life = tmp_path / "life"

    def leave() -> None:
        shutil.copytree(home, life)
        backups = life / "data" / "backups"
        archive = "threadline-20261121T120000Z-asked.tar.gz"
        (backups / f".making-{archive}").mkdir()
        (backups / f"{archive}.partial").touch()
        (backups / f"{archive}.age.partial.plain").touch()

    await asyncio.to_thread(leave)
    async with open_house(life):
        assert await asyncio.to_thread(leftovers, life) == []
