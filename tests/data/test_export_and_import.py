"""Taking everything, one person or one session along, and bringing it in elsewhere."""

import asyncio
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sessions.database import Database
from sessions.portable import Scope
from tests.data.damage import by_hand
from tests.data.transfers import exported, lines, look_at, taken_in, talk
from tests.stories.house import answer_in, open_house


async def test_another_bot_goes_on_where_the_first_one_was(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for each in (old, new):
        await asyncio.to_thread(each.mkdir)
    async with open_house(old) as house:
        await talk(house)
        path = await exported(house)
        assert (await asyncio.to_thread(path.stat)).st_mode & 0o077 == 0
        before = await asyncio.to_thread(lines, path, "messages")
    async with open_house(new, recovering=True) as house:
        added = await taken_in(house, path)
        assert added["messages"] == len(before)
        assert {"conversations", "approvals", "actions", "reminders", "people", "notes"} <= {*added}
        assert (await house.bot.care.integrity.look()).findings == ()
        assert await house.bot.conversations.unfinished() == []
        say = house.people.say
        await say("ann", "/resume 1")
        assert "hello from ann" in str(await say("ann", "/history 20"))
        thread = (await house.bot.sessions.all())[-1].thread_id
        first = next(each for each in before if each["text"] == "hello from ann")
        assert first["id"] in (await house.bot.turns.runner.look(thread)).human_ids
        assert "the kettle boils" in answer_in(await say("ann", "what are my notes"))
        assert "Europe/Paris" in str(await say("ann", "/settings"))
        assert "call home" in str(await say("ann", "/remind"))
        again = await asyncio.to_thread(lines, await exported(house), "messages")
        known = {each["id"]: each["text"] for each in again}
        assert {each["id"]: each["text"] for each in before}.items() <= known.items()


async def test_bringing_it_in_twice_adds_nothing(tmp_path: Path) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.mkdir)
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
        assert await taken_in(house, path) == {}
    async with open_house(other) as house:
        assert await taken_in(house, path)
        assert await taken_in(house, path) == {}


async def test_what_was_open_does_not_come_alive(tmp_path: Path) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.mkdir)
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
    async with open_house(other, recovering=True) as house:
        await taken_in(house, path)
        assert await house.bot.approvals.records.open() == []
        assert await house.bot.conversations.unfinished() == []
        assert await house.bot.conversations.undelivered("memory") == []
        assert house.said("bob") == []


async def test_an_export_of_a_person_has_nobody_elses_words(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house, Scope("person", "memory:ann"))

        def everything_in() -> str:
            with zipfile.ZipFile(path) as archive:
                return "".join(archive.read(name).decode() for name in archive.namelist())

        text = await asyncio.to_thread(everything_in)
        assert "hello from ann" in text
        assert "the kettle boils" in text
        assert "bob" not in text
        messages = await asyncio.to_thread(lines, path, "messages")
        assert {each["user_id"] for each in messages} == {"ann"}
        (session,) = await asyncio.to_thread(lines, path, "sessions")
        assert session["user_id"] == "memory_ann"


async def test_an_export_of_a_session_has_what_was_said_in_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        (session,) = [each for each in await house.bot.sessions.all() if "bob" in each.user_id]
        path = await exported(house, Scope("session", session.session_id))
        messages = await asyncio.to_thread(lines, path, "messages")
        assert "hello from bob" in {each["text"] for each in messages}
        assert {each["user_id"] for each in messages} == {"bob"}
        (approval,) = await asyncio.to_thread(lines, path, "approvals")
        assert approval["requester"] == "memory:bob"


async def test_what_was_cleared_here_does_not_come_back(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
        await house.people.say("ann", "/clear")
        await taken_in(house, path)
        await house.people.say("ann", "/new")
        assert "There is no earlier conversation" in str(await house.people.say("ann", "/resume"))
        later = await asyncio.to_thread(lines, await exported(house), "messages")
        assert "hello from ann" not in {each["text"] for each in later}


async def test_words_never_come_into_the_conversation_of_another_person(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
        await asyncio.to_thread(
            by_hand,
            tmp_path / "data" / "conversations.db",
            "UPDATE conversations SET owner = 'memory:eve' WHERE owner = 'memory:bob'",
            "DELETE FROM messages WHERE user_id = 'bob' AND text = 'hello from bob'",
        )
        assert "messages" not in await taken_in(house, path)


async def test_files_come_along(tmp_path: Path) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.mkdir)
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
        (kept,) = await asyncio.to_thread(lines, path, "files")
        original = await house.bot.conversations.files.get(kept["id"])
    async with open_house(other) as house:
        assert (await taken_in(house, path))["files"] == 1
        assert await house.bot.conversations.files.get(kept["id"]) == original


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("after", [0, 1, 2, 5, 7])
async def test_an_import_that_was_cut_off_is_completed_by_the_next(
    tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.mkdir)
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
        rows = {name: many for name, many in (await look_at(house, path)).items() if many}
    original = Database.write
    left = after

    async def dying(self: Database, work: Callable[..., Any], **more: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return await original(self, work, **more)

    async with open_house(other) as house:
        with monkeypatch.context() as patch:
            patch.setattr(Database, "write", dying)
            with pytest.raises(Killed):
                await taken_in(house, path)
    async with open_house(other, recovering=True) as house:
        await taken_in(house, path)
        assert (await house.bot.care.integrity.look()).findings == ()
        now = await look_at(house, await exported(house))
        del rows["sessions"]
        assert {name: now[name] for name in rows} == rows
