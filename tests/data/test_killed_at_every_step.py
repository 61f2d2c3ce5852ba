"""Killed at any step of an import, a cleanup or a repair, the next one does all that was left."""

import asyncio
import multiprocessing
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sessions.portable import Scope
from tests.data.damage import by_hand
from tests.data.dying import EXPORT, Story, clean, repair, run_and_die, take_in
from tests.data.test_cleanup import grow_old, leave
from tests.data.transfers import talk
from tests.stories.house import open_house

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.data.dying"])

SCOPE = Scope()
STEPS_OF: dict[Story, int] = {take_in: 11, clean: 9, repair: 4}
"""How many durable steps each has at least."""

DAMAGE = (
    "DELETE FROM conversations WHERE owner = 'memory:bob'",
    "INSERT INTO parts (shows, part) VALUES ('nothing', '1')",
    "UPDATE messages SET text = 'changed' WHERE text = 'hello from ann'",
)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[Story, Path]:
    """A home for each: with an export of another bot, with what is old, with what is wrong."""
    root = tmp_path_factory.mktemp("homes")

    async def prepare() -> None:
        for name in ("full", "take_in"):
            (root / name).mkdir()
        async with open_house(root / "full") as house:
            await talk(house)
            await house.people.say("bob", "/cancel")
            await house.people.say("bob", "/search hello")
            made = await house.bot.care.transfer.export(SCOPE)
            await asyncio.to_thread(shutil.copy, made.file, root / "take_in" / EXPORT)
            await leave(house, "ann")
            await leave(house, "bob")
        for name in ("clean", "repair"):
            await asyncio.to_thread(shutil.copytree, root / "full", root / name)
        await grow_old(root / "clean", "ann", "bob")
        database = root / "repair" / "data" / "conversations.db"
        await asyncio.to_thread(by_hand, database, *DAMAGE)

    asyncio.run(prepare())
    return {each: root / each.__name__ for each in STEPS_OF}


def what_is_there(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Give the rows that such a thing leaves, without times that are of the moment."""
    queries = {
        "messages": "SELECT id, text, state, thread_id FROM messages ORDER BY id",
        "conversations": "SELECT id, owner, title FROM conversations ORDER BY id",
        "approvals": "SELECT id, outcome, actions FROM approvals ORDER BY id",
        "ledger": "SELECT tool_call_id, arguments, result FROM ledger ORDER BY tool_call_id",
        "parts": "SELECT shows FROM parts ORDER BY shows",
    }
    with closing(sqlite3.connect(home / "data" / "conversations.db")) as db:
        return {name: db.execute(query).fetchall() for name, query in queries.items()}


def killed(home: Path, story: Story, at: int, *, after: bool) -> bool:
    """Run a story in a process of its own; say whether it was killed."""
    child = PROCESSES.Process(target=run_and_die, args=(home, story, at, after))
    child.start()
    child.join(120)
    assert child.exitcode in {0, -signal.SIGKILL}
    return child.exitcode != 0


async def finish(home: Path, story: Story) -> None:
    await story(home)
    async with open_house(home, recovering=True) as house:
        found = (await house.bot.care.integrity.look()).findings
        assert [each for each in found if each.severity == "error"] == []


def die_and_go_on(home: Path, life: Path, story: Story, at: int, *, after: bool) -> bool:
    """Die once, do it again, and compare with a life in which nobody died."""
    shutil.copytree(home, life)
    was_killed = killed(life, story, at, after=after)
    asyncio.run(finish(life, story))
    return was_killed


@pytest.mark.parametrize("story", STEPS_OF)
def test_killed_in_the_middle_the_next_one_does_the_rest(
    homes: dict[Story, Path], tmp_path: Path, story: Story
) -> None:
    unharmed, life = tmp_path / "unharmed", tmp_path / "life"
    shutil.copytree(homes[story], unharmed)
    asyncio.run(story(unharmed))
    assert die_and_go_on(homes[story], life, story, STEPS_OF[story] // 2, after=True)
    assert what_is_there(life) == what_is_there(unharmed)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("story", STEPS_OF)
def test_killed_at_any_step_the_next_one_does_the_rest(
    homes: dict[Story, Path], tmp_path: Path, story: Story, after: bool
) -> None:
    unharmed, step = tmp_path / "unharmed", 1
    shutil.copytree(homes[story], unharmed)
    asyncio.run(story(unharmed))
    expected = what_is_there(unharmed)
    while die_and_go_on(homes[story], life := tmp_path / str(step), story, step, after=after):
        assert what_is_there(life) == expected, f"killed at {step}"
        shutil.rmtree(life)
        step += 1
    assert step > STEPS_OF[story]
