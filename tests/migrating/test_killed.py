"""Killed before any step, a migration is finished by the next one, or taken out whole."""

import asyncio
import multiprocessing
import shutil
import signal
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.migrating import old_bots
from tests.migrating.bringing import brought_in, migrating_in
from tests.migrating.dying import run_and_die
from tests.stories.house import House, open_house

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.migrating.dying"])
MOST_STEPS = 60

SOME = 5
EVERY = [pytest.param(step, marks=pytest.mark.soak) for step in range(1, 25) if step != SOME]


def a_home(home: Path) -> Path:
    """Make a home with a person in it, and what they had elsewhere."""
    home.mkdir()
    old_bots.folder_of_sessions(home / "old")
    old_bots.sessions_csv(home / "old" / "sessions.csv", last=datetime.now(UTC))
    return home


def killed(home: Path, undo: str, at: int) -> bool:
    """Run it in a process of its own; say whether it was killed."""
    child = PROCESSES.Process(target=run_and_die, args=(home, undo, at))
    child.start()
    child.join(60)
    assert child.exitcode in {0, -signal.SIGKILL}
    return child.exitcode != 0


def rows(home: Path) -> Mapping[str, list[tuple[object, ...]]]:
    """Give what is kept of everything, without what is another each time."""
    with closing(sqlite3.connect(home / "data" / "conversations.db")) as db:
        queries = {
            "messages": "SELECT id, role, text, user_id, state, thread_id, answers FROM messages",
            "conversations": "SELECT id, owner, title FROM conversations",
        }
        found = {
            name: sorted(db.execute(f"{query} ORDER BY id")) for name, query in queries.items()
        }
    with closing(sqlite3.connect(home / "data" / "threads.db")) as db:
        found["threads"] = sorted(db.execute("SELECT DISTINCT thread_id FROM checkpoints"))
    return found


async def whole(house: House, *, half_done: bool = False) -> None:
    """Nothing may be wrong; what is half done may look odd."""
    found = (await house.bot.care.integrity.look()).findings
    assert [each for each in found if each.severity == "error" or not half_done] == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", [SOME, *EVERY])
def test_killed_while_bringing_in_the_next_time_finishes_and_undoing_takes_out_all(
    tmp_path: Path, step: int
) -> None:
    home = a_home(tmp_path / "home")
    shutil.copytree(home, tmp_path / "other")
    was_killed = killed(home, "", step)

    async def go_on() -> None:
        async with open_house(home, recovering=True) as house:
            await whole(house, half_done=True)
            assert not (await asyncio.to_thread((home / "data/migrations/work").exists))
        shutil.copytree(home, tmp_path / "undone")
        async with open_house(home) as house:
            done = await brought_in(house, home / "old")
            assert done.migration.verified
            await whole(house)
            assert {each.session_id for each in await house.bot.sessions.all()} == {
                "abc-1",
                "abc-2",
            }
            kept = await asyncio.to_thread(migrating_in(house).diary.all)
            assert [each.state for each in kept] == ["done"]
            assert (kept[0].messages, len(kept[0].sessions)) == (6, 2)
        async with open_house(tmp_path / "undone") as house:
            migrating = migrating_in(house)
            for each in await asyncio.to_thread(migrating.diary.all):
                await migrating.undo(each.id)
            assert await house.bot.sessions.all() == []
            await whole(house)
        async with open_house(tmp_path / "other") as house:
            await brought_in(house, tmp_path / "other" / "old")

    asyncio.run(go_on())
    assert rows(home) == rows(tmp_path / "other")
    assert not any(rows(tmp_path / "undone").values())
    assert was_killed or step > SOME


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", [SOME, *EVERY])
def test_killed_while_undoing_the_next_time_takes_out_the_rest(tmp_path: Path, step: int) -> None:
    home = a_home(tmp_path / "home")

    async def bring_in() -> str:
        async with open_house(home) as house:
            return (await brought_in(house, home / "old")).migration.id

    migration = asyncio.run(bring_in())
    was_killed = killed(home, migration, step)

    async def go_on() -> None:
        async with open_house(home, recovering=True) as house:
            await whole(house, half_done=True)
            await migrating_in(house).undo(migration)
            await whole(house)
            assert await house.bot.sessions.all() == []

    asyncio.run(go_on())
    assert not any(rows(home).values())
    assert was_killed or step > SOME
