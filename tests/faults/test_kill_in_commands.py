"""Killed between any two steps of a command: after the next start it has happened once."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.agreement import disagreements
from bot.commands.call import said
from bot.recovery import recover
from sessions.models import Place, Session
from sessions.shelf import Wanted
from tests.faults.commanding import ADMIN, command_and_die
from tests.forked import PROCESSES
from tests.stories.house import House, answer_in, card_in, open_house

MARKER = "Xylophon"
ANN = Place("memory", "ann", "ann")


def _die(home: Path, command: str, at: int) -> bool:
    """Let a bot die in a command; False when it lived to its end."""
    child = PROCESSES.Process(target=command_and_die, args=(home, command, at))
    child.start()
    child.join(30)
    assert child.exitcode in {0, -signal.SIGKILL}
    return child.exitcode != 0


async def _deaths(
    prepared: Path, command: str, steps: Sequence[int] = range(1, 100)
) -> AsyncIterator[Path]:
    """Give a copy of a house for each step at which the bot died in a command, and the last."""
    for step in steps:
        home = prepared.with_name(f"killed-at-{step}")
        await asyncio.to_thread(shutil.copytree, prepared, home)
        died = await asyncio.to_thread(_die, home, command, step)
        yield home
        if not died:
            assert step > 3, "the command has more steps than that"
            return


SOME_OR_ALL = pytest.mark.parametrize(
    "steps",
    [range(2, 100, 3), pytest.param(range(1, 100), marks=pytest.mark.soak)],
    ids=["some", "all"],
)


@asynccontextmanager
async def _recovered(home: Path, command: str) -> AsyncIterator[House]:
    """Start again, and send the command a second time, as a platform would that heard nothing."""
    async with open_house(home, ADMINS=ADMIN) as house:
        await _each_open_once(house)
        await recover(house.bot)
        await house.people.say("ann", command, message_id="the command")
        await _answered(house)
        await _each_open_once(house)
        yield house


async def _answered(house: House) -> None:
    for _ in range(1000):
        row = await house.bot.conversations.find_copy(ANN, "the command")
        if row is not None and row.state == "answered":
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"the command was not answered: {row}")


async def _each_open_once(house: House) -> None:
    threads = [session.thread_id for session in await house.bot.sessions.all()]
    assert len(threads) == len(set(threads)), "a conversation is open in two sessions"


async def _session(house: House, chat: str = "") -> Session:
    (found,) = [
        session
        for session in await house.bot.sessions.all()
        if session.metadata.get("chat_id", "") == chat
    ]
    return found


async def _said(house: House) -> list[str]:
    thread_id = (await _session(house)).thread_id
    exchanges = await house.bot.conversations.past.exchanges(thread_id, said, limit=20)
    assert all(len(each.answers) == 1 for each in exchanges)
    return [each.question.text for each in exchanges]


async def _seen(house: House) -> list[str]:
    thread_id = (await _session(house)).thread_id
    messages = await house.bot.turns.runner._messages(thread_id)
    return [message.text for message in messages if message.type == "human"]


@pytest.mark.timeout(180)
async def test_undo_takes_back_one_exchange_and_never_two(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    async with open_house(prepared, ADMINS=ADMIN) as house:
        for text in ("one", "two", "three"):
            await house.people.say("ann", text)
    async for home in _deaths(prepared, "/undo"):
        async with _recovered(home, "/undo") as house:
            assert await _said(house) == ["one", "two"]
            assert await _seen(house) == ["one", "two"]


@pytest.mark.timeout(180)
async def test_retry_says_the_text_again_once(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    async with open_house(prepared, ADMINS=ADMIN) as house:
        for text in ("one", "two", "three"):
            await house.people.say("ann", text)
    async for home in _deaths(prepared, "/retry"):
        async with _recovered(home, "/retry") as house:
            assert await _said(house) == ["one", "two", "three"]
            assert await _seen(house) == ["one", "two", "three"]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "steps", [(5, 7, 9), pytest.param(range(1, 100), marks=pytest.mark.soak)], ids=["few", "all"]
)
async def test_fork_makes_one_copy_and_goes_on_in_it(tmp_path: Path, steps: Sequence[int]) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    async with open_house(prepared, ADMINS=ADMIN) as house:
        for text in ("one", "two", "three"):
            await house.people.say("ann", text)
        first = (await _session(house)).thread_id
    async for home in _deaths(prepared, "/fork 2", steps):
        async with _recovered(home, "/fork 2") as house:
            assert await _said(house) == ["one", "two"]
            assert await _seen(house) == ["one", "two"]
            found = await house.bot.library.shelf.page(Wanted(), limit=9)
            here = (await _session(house)).thread_id
            assert {each.id: each.forked_from for each in found} == {here: first, first: ""}
            assert (
                await disagreements(
                    house.bot.office.database,
                    await house.bot.sessions.all(),
                    house.bot.turns.runner,
                )
                == []
            )


@pytest.mark.timeout(180)
@SOME_OR_ALL
async def test_clear_leaves_no_word(tmp_path: Path, steps: Sequence[int]) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    async with open_house(prepared, ADMINS=ADMIN) as house:
        await house.people.say("ann", f"{MARKER} is a word")
        await house.people.say("ann", f"send {MARKER} to me")
        await house.people.say("ann", f"{MARKER} waits")
        before = (await _session(house)).thread_id

    def standing(home: Path) -> list[str]:
        files = [path for path in home.rglob("*") if path.is_file()]
        return [path.name for path in files if MARKER.encode() in path.read_bytes()]

    async for home in _deaths(prepared, "/clear", steps):
        async with _recovered(home, "/clear") as house:
            assert (await _session(house)).thread_id != before
            assert await _said(house) == []
        assert await asyncio.to_thread(standing, home) == []


@pytest.mark.timeout(300)
@SOME_OR_ALL
async def test_forget_leaves_no_word_of_a_person(tmp_path: Path, steps: Sequence[int]) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    async with open_house(prepared, ADMINS=ADMIN) as house:
        await house.people.say("ann", f"note: {MARKER}")
        await house.people.say("ann", "/new")
        await house.people.say("ann", f"send {MARKER} to me")
        await house.people.say("bob", "the words of bob")
        await house.people.say("ann", "/forget")

    def standing(home: Path) -> list[str]:
        files = [path for path in home.rglob("*") if path.is_file()]
        return [path.name for path in files if MARKER.encode() in path.read_bytes()]

    async for home in _deaths(prepared, "/forget everything", steps):
        async with _recovered(home, "/forget everything") as house:
            for _ in range(1000):
                if not await house.bot.library.forgotten.unfinished():
                    break
                await asyncio.sleep(0.01)
            row = await house.bot.conversations.find_copy(ANN, "the command")
            assert row is not None
            (answer,) = await house.bot.conversations.answers_to(row.id)
            assert answer.text == "" or "is deleted" in answer.text
            owners = [each.owner for each in await house.bot.library.shelf.page(Wanted(), limit=9)]
            assert owners == ["memory:bob"]
        assert await asyncio.to_thread(standing, home) == []


@pytest.mark.timeout(180)
async def test_a_conversation_is_taken_over_once_with_what_waits_in_it(tmp_path: Path) -> None:
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    async with open_house(prepared, ADMINS=ADMIN) as house:
        await house.people.say("ann", "the first subject", chat="-1")
        await house.people.say("ann", "/new", chat="-1")
        await house.people.say("ann", "mine alone")
        card = card_in(await house.people.say("ann", "send hello to me", chat="-100"))
        thread_id = (await _session(house, "-100")).thread_id
    async for home in _deaths(prepared, "/resume 1"):
        async with _recovered(home, "/resume 1") as house:
            mine, theirs = await _session(house), await _session(house, "-100")
            assert mine.thread_id == thread_id
            assert [each.id for each in mine.pending_approval] == [card.approval_id]
            assert theirs.thread_id != thread_id
            assert theirs.pending_approval == ()
            assert "on its way" in answer_in(await house.people.tap("ann", card.approval_id))
            await house.until_said("ann", "hello")
            assert (await _session(house)).pending_approval == ()
