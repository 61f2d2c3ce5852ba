"""Exports that come in on another machine, or while others look after the data."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sessions.database import Database
from tests.data.damage import by_hand
from tests.data.transfers import exported, lines, taken_in, talk
from tests.stories.house import open_house


async def test_who_was_forgotten_on_another_machine_does_not_come_back_with_an_export(
    tmp_path: Path,
) -> None:
    here = tmp_path / "here"
    await asyncio.to_thread(here.mkdir)
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "hello from ann")
        await house.people.say("bob", "hello from bob")
        path = await exported(house)
        for text in ("/forget", "/forget everything"):
            await house.people.say("ann", text)
        # As a cleanup does in time; then nothing but the hash says who it was.
        await asyncio.to_thread(
            by_hand,
            tmp_path / "data" / "conversations.db",
            "DELETE FROM changed",
            "DELETE FROM messages",
            "DELETE FROM conversations",
        )
        made = await house.bot.vault.backups.make("asked")
    async with open_house(here) as house:  # so that it has a key of its own
        await house.bot.vault.restoring.agree(made.path)
    async with open_house(here, recovering=True) as house:
        assert (await taken_in(house, path))["messages"] == 2
        everything = await asyncio.to_thread(lines, await exported(house), "messages")
        assert {each["user_id"] for each in everything} == {"bob"}


async def test_conversations_of_which_the_words_are_still_to_come_in_are_nothing_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.mkdir)
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
    original, halfway, go_on = Database.write, asyncio.Event(), asyncio.Event()

    async def stopping(self: Database, work: Callable[..., Any], **more: Any) -> Any:
        done = await original(self, work, **more)
        if not halfway.is_set():
            halfway.set()
            await go_on.wait()
        return done

    async with open_house(other) as house:
        monkeypatch.setattr(Database, "write", stopping)
        coming_in = asyncio.create_task(taken_in(house, path))
        await halfway.wait()
        care = house.bot.care
        assert (await care.integrity.look()).findings == ()
        repairing = asyncio.create_task(care.integrity.repair())
        go_on.set()
        added = await coming_in
        await repairing
        assert added["messages"] == 17
        assert (await care.integrity.look()).findings == ()
