"""Who was forgotten stays so when older records are put back, and when they move."""

import asyncio
import shutil
from functools import partial
from pathlib import Path

import pytest

from adapters.contract import ApprovalRequest
from sessions.backup import Backups, closed
from sessions.database import connected
from sessions.forgotten import keys_in
from sessions.migrations.running import known_revisions, migrate
from sessions.stored_files import schema_of
from tests.backups.keeping import setup_in
from tests.sessions.people import NOON
from tests.stories.chats import said
from tests.stories.house import House, card_in
from tests.stories.house import open_house as open_own_house
from tests.stories.test_forgetting import fill
from tests.stories.words_left import MARKER, found, left_in

open_house = partial(open_own_house, GROUP_SESSIONS="chat", ADMINS="memory:eve")


async def forget(house: House, person: str) -> None:
    await house.people.say(person, "/forget")
    assert "is deleted" in said(await house.people.say(person, "/forget everything"))


async def restored(home: Path, archive: Path) -> None:
    """Agree to a restore, and start once so that it is made."""
    async with open_house(home) as house:
        await house.bot.vault.restoring.agree(archive)
    async with open_house(home, recovering=True) as house:
        outcome = await house.bot.vault.restoring.last()
        assert outcome is not None
        assert outcome.done, outcome.reason
        assert not await house.bot.library.forgotten.unfinished()


async def test_no_word_of_them_comes_back_with_a_backup_from_before(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await fill(house)
        archive = (await house.bot.vault.backups.make("asked")).path
        await forget(house, "ann")
        assert await left_in(tmp_path) == []
        await house.bot.vault.restoring.agree(archive)
    async with open_house(tmp_path, recovering=True) as house:
        assert await left_in(tmp_path) == []
        shown = [house.people.screen(chat) for chat in ("ann", "-100", "eve")]
        assert MARKER not in str(shown)
        assert await house.bot.approvals.records.open() == []
        assert await house.bot.conversations.unfinished() == []
        assert "hello from bob" in said(await house.people.say("bob", "/history", chat="-100"))
        assert "Nothing was said" in said(await house.people.say("ann", "/history"))
        await house.people.say("ann", "my cat is Tom")
    assert await asyncio.to_thread(found, tmp_path) == []
    async with open_house(tmp_path, recovering=True) as house:
        assert "Tom" in said(await house.people.say("ann", "/history"))


async def test_what_they_had_decided_does_not_run_when_it_is_put_back(tmp_path: Path) -> None:
    """The backup is of the moment between the decision and its carrying out."""
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", f"send {MARKER} to bob"))
        assert isinstance(card, ApprovalRequest)
        record = await house.bot.approvals.records.get(card.approval_id)
        assert record is not None
    setup = setup_in(tmp_path)

    def decide() -> None:
        with connected(tmp_path / "data" / "conversations.db", "foreign_keys=ON") as db, db.begin():
            db.exec_driver_sql(
                "UPDATE approvals SET outcome = 'approved', decided_at = asked_at + 1, "
                'verdicts = \'[{"type": "approve"}]\''
            )

    await asyncio.to_thread(decide)
    async with Backups(setup, closed(setup.places), clock=lambda: NOON) as backups:
        archive = (await backups.make("asked")).path
    async with open_house(tmp_path) as house:
        await house.bot.library.forgotten.begin("memory:ann", house.bot.clock())
    await restored(tmp_path, archive)
    assert await asyncio.to_thread(found, tmp_path) == []
    async with open_house(tmp_path, recovering=True) as house:
        record = await house.bot.approvals.records.get(card.approval_id)
        assert record is not None
        assert (record.outcome, record.began_at) == ("withdrawn", None)
        assert house.said("bob") == []


async def test_what_they_wrote_later_stays_in_a_backup_that_has_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", f"{MARKER} is old")
        await forget(house, "ann")
        await house.people.say("ann", "my cat is Tom")
        archive = (await house.bot.vault.backups.make("asked")).path
    await restored(tmp_path, archive)
    async with open_house(tmp_path, recovering=True) as house:
        assert "Tom" in said(await house.people.say("ann", "/history"))
    assert await asyncio.to_thread(found, tmp_path) == []


async def test_on_another_machine_everybody_is_known_who_was_forgotten_on_either(
    tmp_path: Path,
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    await asyncio.to_thread(here.mkdir)
    await asyncio.to_thread(there.mkdir)
    async with open_house(there) as house:
        await house.people.say("ann", "hello")
        await forget(house, "ann")
        await house.people.say("bob", f"{MARKER} of bob")
        archive = (await house.bot.vault.backups.make("asked")).path
    async with open_house(here) as house:
        await house.people.say("bob", "hello")
        await forget(house, "bob")
    await restored(here, archive)
    async with open_house(here) as house:
        forgotten = house.bot.library.forgotten
        assert await forgotten.until("memory:ann") is not None
        assert await forgotten.until("memory:bob") is not None
        assert await forgotten.until("memory:cleo") is None
    assert await asyncio.to_thread(found, here) == []
    keys = [await asyncio.to_thread(keys_in, home / "data/forgotten.key") for home in (here, there)]
    assert keys[0][1:] == keys[1]
    await restored(here, archive)
    assert await asyncio.to_thread(keys_in, here / "data/forgotten.key") == keys[0]


@pytest.mark.parametrize("revision", ["0001", pytest.param("0005", marks=pytest.mark.soak)])
async def test_it_is_so_with_a_backup_of_an_older_version_that_had_no_keys(
    tmp_path: Path, revision: str
) -> None:
    older = tmp_path / "older"
    await asyncio.to_thread(_older, older, revision)
    setup = setup_in(older)
    async with Backups(setup, closed(setup.places), clock=lambda: NOON) as backups:
        archive = (await backups.make("asked")).path
    home = tmp_path / "home"
    await asyncio.to_thread(home.mkdir)
    async with open_house(home) as house:
        await house.people.say("ann", "hello")
        await forget(house, "ann")
    keys = await asyncio.to_thread(keys_in, home / "data" / "forgotten.key")
    await restored(home, archive)
    assert await asyncio.to_thread(found, home) == []
    path = home / "data" / "conversations.db"
    newest, *_ = await asyncio.to_thread(known_revisions)
    assert await asyncio.to_thread(schema_of, path) == newest
    assert await asyncio.to_thread(keys_in, home / "data" / "forgotten.key") == keys
    assert b"the word of bob" in await asyncio.to_thread(path.read_bytes)


def _older(home: Path, revision: str) -> None:
    """Leave the records of an older version in a home: something of ann's, and of bob's."""
    (home / "data").mkdir(parents=True)
    with connected(home / "data" / "conversations.db", "foreign_keys=OFF") as db:
        migrate(db, revision)
        with db.begin():
            for number, person in enumerate(("ann", "bob")):
                text = MARKER if person == "ann" else "the word of bob"
                db.exec_driver_sql(
                    "INSERT INTO messages (id, role, text, platform, chat_id, user_id, topic_id, "
                    "created_at, state, thread_id, session_id, sender_name, attempts) VALUES "
                    "(?, 'user', ?, 'memory', ?, ?, '', ?, 'answered', ?, ?, '', 1)",
                    (f"m{number}", text, person, person, number, f"t{number}", f"s{number}"),
                )


async def test_on_an_empty_machine_nobody_is_lost_who_was_forgotten(tmp_path: Path) -> None:
    """What is put in place has no records at all, as when a move is undone."""
    async with open_house(tmp_path):
        pass
    await asyncio.to_thread(shutil.rmtree, tmp_path / "data")
    (tmp_path / "data").mkdir()
    setup = setup_in(tmp_path)
    async with Backups(setup, closed(setup.places), clock=lambda: NOON) as backups:
        archive = (await backups.make("asked")).path
    elsewhere = tmp_path / "empty.tar.gz"
    await asyncio.to_thread(archive.rename, elsewhere)
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "hello")
        await forget(house, "ann")
        await house.bot.vault.restoring.agree(elsewhere)
    async with open_house(tmp_path, recovering=True) as house:
        assert await house.bot.library.forgotten.until("memory:ann") is not None
        assert "Nothing was said" in said(await house.people.say("ann", "/history"))
