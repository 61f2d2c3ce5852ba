"""Taking everything, one person or one session along, and bringing it in elsewhere."""

import asyncio
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sessions.database import Database
from sessions.portable import Scope
from tests.data.damage import by_hand
from tests.stories.house import House, answer_in, card_in, open_house

EVERYTHING = Scope()


async def talk(house: House) -> None:
    say, tap = house.people.say, house.people.tap
    await say("ann", "hello from ann")
    await say("ann", "note that the kettle boils")
    await say("ann", "/settings zone Europe/Paris")
    await say("ann", "remind me tomorrow at 9 to call home")
    card = card_in(await say("ann", "send hello to me"))
    await tap("ann", card.approval_id)
    await say("ann", "write tea and milk to a file")
    await say("bob", "hello from bob")
    await say("bob", "send hello to me")
    await say("bob", "and this waits")


async def exported(house: House, scope: Scope = EVERYTHING) -> Path:
    return (await house.bot.care.transfer.export(scope)).file


async def taken_in(house: House, path: Path) -> dict[str, int]:
    done = await house.bot.care.transfer.take_in(path, only_look=False)
    return {name: many for name, many in done.added.items() if many}


def lines(path: Path, name: str) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()]


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


async def look_at(house: House, path: Path) -> dict[str, int]:
    return dict((await house.bot.care.transfer.take_in(path, only_look=True)).rows)


async def test_who_was_forgotten_since_does_not_come_back_with_an_older_export(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        path = await exported(house)
        for text in ("/forget", "/forget everything"):
            await house.people.say("ann", text)
        after = await asyncio.to_thread(lines, await exported(house), "messages")
        added = await taken_in(house, path)
        assert added == {}
        later = await asyncio.to_thread(lines, await exported(house), "messages")
        assert [each["id"] for each in later] == [each["id"] for each in after]
        assert "hello from ann" not in str(later)


async def test_another_bot_that_forgot_somebody_takes_in_all_the_others(tmp_path: Path) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.mkdir)
    async with open_house(tmp_path, GROUP_SESSIONS="chat") as house:
        await talk(house)
        say = house.people.say
        await say("ann", "the secret of ann", chat="-100")
        await say("bob", "bob was here too", chat="-100")
        path = await exported(house)
    async with open_house(other) as house:
        forgotten = house.bot.library.forgotten
        until = house.bot.clock()
        await forgotten.begin("memory:ann", until)
        await forgotten.finish(forgotten.hash_of("memory:ann"), until)
        added = await taken_in(house, path)
        assert added["messages"] > 0
        kept = await exported(house)
        for name in ("messages", "reminders", "people", "notes"):
            assert "ann" not in str(await asyncio.to_thread(lines, kept, name)), name
        assert "bob was here too" in str(await asyncio.to_thread(lines, kept, "messages"))
        (asked,) = [
            each
            for each in await asyncio.to_thread(lines, kept, "approvals")
            if each["requester"] == "memory:ann"
        ]
        assert [*asked["actions"][0]["arguments"]] == ["sha256"]
        titles = [each["title"] for each in await asyncio.to_thread(lines, kept, "conversations")]
        assert sorted(titles) == ["", "hello from bob"]
        assert (await house.bot.care.integrity.look()).findings == ()
        assert await taken_in(house, path) == {}


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
