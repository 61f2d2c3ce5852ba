"""Somebody wants everything of theirs deleted: every store has their words before, none after."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.contract import Attachment, Reject
from sessions import stores_of_words
from sessions.data_tables import forgotten
from sessions.database import Database
from sessions.forgotten import read_keys
from sessions.portable import Scope
from sessions.tables import metadata
from tests.data.damage import by_hand
from tests.stories.chats import said
from tests.stories.house import House, card_in, open_house
from tests.stories.words_left import MARKER, found, left_in

ADMINS = "memory:eve"


async def fill(house: House) -> None:
    """Fill every store with the marker."""
    say, tap = house.people.say, house.people.tap
    plain = Attachment(f"{MARKER}.txt", "text/plain", MARKER.encode())
    await say("ann", f"{MARKER} with a file", attachments=(plain,))
    await say("ann", f"note: {MARKER}")
    await say("ann", f"/remind tomorrow: {MARKER}")
    await say("ann", f"/title {MARKER}")
    await say("ann", f"/tag {MARKER}")
    await say("ann", f"/search {MARKER}")
    await say("ann", "/export")
    card = card_in(await say("ann", f"send {MARKER} to me"))
    await tap("ann", card.approval_id)
    card = card_in(await say("ann", f"send {MARKER} to me"))
    await tap("ann", card.approval_id, Reject(MARKER))
    await say("ann", "/new")
    await say("ann", f"write {MARKER} to a file")
    await say("ann", f"{MARKER} in the group", chat="-100")
    await say("bob", "hello from bob", chat="-100")
    await say("ann", f"send {MARKER} to telegram:1")
    await say("ann", f"send {MARKER} to telegram:2", chat="-100")
    await say("ann", f"{MARKER} waits", chat="-100")


async def test_nothing_of_a_person_is_left_in_any_file(tmp_path: Path) -> None:
    async with open_house(tmp_path, GROUP_SESSIONS="chat", ADMINS=ADMINS) as house:
        await fill(house)
        await asyncio.sleep(1.2)  # so that sessions.csv has what is open
        before = await asyncio.to_thread(found, tmp_path)
        stores = ("conversations", "threads", "notes", "search")
        assert {each.partition(".db")[0] for each in before} >= {f"data/{each}" for each in stores}
        told = said(await house.people.say("ann", "/forget"))
        assert "conversations" in told
        replies = await house.people.say("ann", "/forget everything")
        assert any("Everything of yours is deleted" in str(reply) for reply in replies)
        assert await left_in(tmp_path) == []
        assert "hello from bob" in said(await house.people.say("bob", "/history", chat="-100"))
        assert "Nothing was said" in said(await house.people.say("ann", "/history"))
        assert (await house.people.say("ann", "hello again"))[-1]
    assert await asyncio.to_thread(found, tmp_path) == []


async def test_it_asks_first_and_only_who_asked_just_before_is_sure(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        say = house.people.say
        await say("ann", "my cat is Tom")
        assert "Write /forget first" in said(await say("ann", "/forget everything"))
        await say("bob", "/forget")
        assert "Write /forget first" in said(await say("ann", "/forget everything"))
        assert "direct chat" in said(await say("ann", "/forget", chat="-100"))
        told = said(await say("ann", "/forget"))
        assert "1 conversation, with" in told
        assert "backups and exports that were made before keep the words until 20" in told
        assert "Write /forget first" in said(await say("ann", "/forget it"))
        assert "Tom" in said(await say("ann", "/history"))
        assert "is deleted" in said(await say("ann", "/forget everything"))
        await say("ann", "my dog is Rex")
        assert "Write /forget first" in said(await say("ann", "/forget everything"))
        assert "Rex" in said(await say("ann", "/history"))


@pytest.mark.parametrize(
    "never",
    [
        {"BACKUP_AT": "off"},
        {"BACKUP_KEEP": "0"},
        {"CLEANUP_AT": "off"},
        {"EXPORT_RETENTION_DAYS": "0"},
    ],
)
async def test_where_backups_or_exports_are_never_removed_it_says_so(
    tmp_path: Path, never: dict[str, Any]
) -> None:
    async with open_house(tmp_path, **never) as house:
        told = said(await house.people.say("ann", "/forget"))
        assert "keep the words until those who run me delete them" in told


async def test_others_keep_their_words_and_a_block_stays(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "the words of ann")
        await house.people.say("annabel", "the words of annabel")
        await house.bot.turns.people.set_zone("memory:ann", "Europe/Paris")
        await house.people.say("ann", "/forget")
        await house.people.say("ann", "/forget everything")
        assert "annabel" in said(await house.people.say("annabel", "/history"))
        assert "annabel" in said(await house.people.say("annabel", "/search words"))
        assert await house.bot.turns.people.zone_of("memory:ann") == ""


async def test_who_and_when_stay_of_what_was_decided(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", f"send {MARKER} to me"))
        await house.people.tap("ann", card.approval_id)
        await house.people.say("ann", "/forget")
        await house.people.say("ann", "/forget everything")
        kept = await house.bot.approvals.records.get(card.approval_id)
        assert kept is not None
        assert (kept.requester, kept.outcome) == ("memory:ann", "approved")
        assert [*kept.actions[0].arguments] == ["sha256"]
    key = tmp_path / "data" / "forgotten.key"
    with capture_logs() as said_then:
        await asyncio.to_thread(read_keys, key)
        key.unlink()
        await asyncio.to_thread(read_keys, key)
    (lost,) = said_then
    assert "is lost: put it back from a backup" in lost["event"]


async def test_words_that_are_put_back_are_forgotten_again_at_the_next_start(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    async with open_house(tmp_path) as house:
        await fill(house)
    older = {path.name: path.read_bytes() for path in data.glob("*.db")}
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "/forget")
        await house.people.say("ann", "/forget everything")
        (row,) = await house.bot.office.database.read(
            lambda db: db.execute(forgotten.select()).all()
        )
        assert row.done
        assert b"ann" not in row.who.encode()
    for name, content in older.items():
        (data / name).write_bytes(content)

    async with Database.open(data / "conversations.db") as database:
        carried = {"who": row.who, "at": row.at, "done": False}
        await database.write(lambda db: db.execute(forgotten.insert(), carried))
    assert await asyncio.to_thread(found, tmp_path)
    async with open_house(tmp_path, recovering=True) as house:
        for _ in range(500):
            if not await house.bot.library.forgotten.unfinished():
                break
            await asyncio.sleep(0.02)
        assert await left_in(tmp_path) == []


def test_every_table_is_thought_of() -> None:
    listed = {table.name for table in (*stores_of_words.TAKEN_OUT, *stores_of_words.LEFT)}
    assert listed == set(metadata.tables)


async def test_what_was_written_while_the_clock_was_ahead_is_deleted_too(tmp_path: Path) -> None:
    records = tmp_path / "data" / "conversations.db"
    month = 30 * 24 * 3600 * 10**6
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "my marzipan secret")
        await asyncio.to_thread(
            by_hand,
            records,
            f"UPDATE messages SET created_at = created_at + {month}",
            f"UPDATE conversations SET created_at = created_at + {month}, "
            f"updated_at = updated_at + {month}",
        )
        path = (await house.bot.care.transfer.export(Scope())).file
        await house.people.say("ann", "/forget")
        assert "1 conversation" in str(await house.people.say("ann", "/forget everything"))
        assert "Nothing was said" in str(await house.people.say("ann", "/search marzipan"))
        await asyncio.to_thread(by_hand, records, "DELETE FROM messages WHERE text = ''")
        await house.bot.care.transfer.take_in(path, only_look=False)
        assert "Nothing was said" in str(await house.people.say("ann", "/search marzipan"))
