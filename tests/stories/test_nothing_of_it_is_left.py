"""After /clear the words of a conversation stand in no file any more, byte by byte."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.contract import Notice, Reject, Reply, Respond
from sessions.database import Database
from sessions.wiping import rewrite, wipe
from tests.stories.house import House, card_in, open_house
from tests.stories.words_left import MARKER, found, left_in


async def talk(house: House, person: str) -> None:
    """Fill every store with the marker."""
    say, tap = house.people.say, house.people.tap
    await say(person, f"{MARKER} is the first word, and so the title")
    card = card_in(await say(person, f"send {MARKER} to me"))
    await say(person, f"/edit {card.approval_id} {json.dumps({'to': 'me', 'text': MARKER * 3})}")
    card = card_in(await say(person, f"send {MARKER} to telegram:12345"))
    await tap(person, card.approval_id, Reject(MARKER))
    card = card_in(await say(person, f"send {MARKER} to me"))
    await tap(person, card.approval_id, Respond(MARKER))
    await say(person, f"/{MARKER} what is this")
    await say(person, "/history")
    await say(person, f"{MARKER} is undone")
    await say(person, "/undo")
    await say(person, f"{MARKER} is said again")
    await say(person, "/retry")
    await say(person, "/resume")
    await say(person, f"send {MARKER} to me")
    await say(person, f"this waits for {MARKER}")


async def test_every_store_has_the_words_before_and_none_has_them_after(tmp_path: Path) -> None:
    async with open_house(tmp_path, ADMINS="memory:ann") as house:
        await talk(house, "ann")
        stores = {"sessions.csv", "data/conversations.db-wal", "data/threads.db-wal"}
        for _ in range(300):  # until sessions.csv has what is open
            before = await asyncio.to_thread(found, tmp_path)
            if stores <= set(before):
                break
            await asyncio.sleep(0.05)
        assert stores <= set(before)
        replies = await house.people.say("ann", f"/clear {MARKER}")
        assert any(isinstance(reply, Notice) for reply in replies)
        assert await left_in(tmp_path) == []
        assert (await house.people.say("ann", "hello"))[-1]
    assert await asyncio.to_thread(found, tmp_path) == []


async def test_lists_and_decisions_elsewhere_lose_the_words_too(tmp_path: Path) -> None:
    admins = "memory:ann,memory:eve"
    async with open_house(tmp_path, ADMINS=admins) as house:
        say = house.people.say
        card = card_in(await say("ann", f"send {MARKER} to telegram:1", chat="-100"))
        arguments = json.dumps({"to": "telegram:1", "text": MARKER})
        for person in ("ann", "eve"):
            await say(person, "something else")
            await say(person, "/approvals")
        await say("eve", f"/edit {card.approval_id} {arguments}")
        await say("ann", f"/reject {card.approval_id} {MARKER}")
        await say("ann", f"/clear {card.approval_id}", chat="-100")
        assert await left_in(tmp_path) == []
        for person in ("ann", "eve"):
            (shown,) = only_notices(await say(person, "/history"))
            assert "something else" in shown


def only_notices(replies: tuple[Reply, ...]) -> list[str]:
    return [reply.text for reply in replies if isinstance(reply, Notice)]


async def test_who_when_and_the_verdict_stay(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", f"send {MARKER} to me"))
        await house.people.tap("ann", card.approval_id)
        before = await house.bot.approvals.records.get(card.approval_id)
        await house.people.say("ann", "/clear")
        after = await house.bot.approvals.records.get(card.approval_id)
        assert before is not None
        assert after is not None
        kept = ("id", "requester", "outcome", "decided_by", "decided_at", "ended_at", "ending")
        assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
        (action,) = after.actions
        assert action.name == "send_message"
        assert [*action.arguments] == ["sha256"]
        (entry,) = await house.bot.turns.ledger.of_thread(after.thread_id)
        assert (entry.tool, entry.outcome) == ("send_message", "done")
        assert [*entry.arguments] == ["sha256"]


async def test_of_many_conversations_one_is_cleared_and_the_others_keep_their_words(
    tmp_path: Path,
) -> None:
    people = [f"p{number}" for number in range(12)]
    async with open_house(tmp_path) as house:
        for number in range(6):
            said = (
                house.people.say(each, f"{MARKER * (number + 3)} of {each}.") for each in people
            )
            await asyncio.gather(*said)
        secret = f"{MARKER} of p3.".encode()

        def standing() -> set[str]:
            files = (tmp_path / "data").glob("*.db*")
            return {path.name for path in files if secret in path.read_bytes()}

        assert await asyncio.to_thread(standing)
        await house.people.say("p3", "/clear")
        assert await asyncio.to_thread(standing) == set()
        others = [path.read_bytes() for path in (tmp_path / "data").glob("*.db")]
        for each in people:
            mine = f"{MARKER} of {each}.".encode()
            assert any(mine in data for data in others) == (each != "p3")


async def test_a_large_file_is_wiped_at_once_where_it_can_be_and_later_written_anew(
    tmp_path: Path,
) -> None:
    path = tmp_path / "conversations.db"
    async with Database.open(path):

        def fill() -> None:
            with closing(sqlite3.connect(path)) as db:
                db.execute("CREATE TABLE words (said TEXT)")
                db.executemany("INSERT INTO words VALUES (?)", [(MARKER * 4000,)] * 20)
                db.commit()
                db.execute("DELETE FROM words")
                db.commit()

        await asyncio.to_thread(fill)
        assert await asyncio.to_thread(found, tmp_path)
        size = await asyncio.to_thread(wipe_as_if_large, path)
        assert await asyncio.to_thread(found, tmp_path) == []
        assert await asyncio.to_thread(rewrite, path)
        assert path.stat().st_size < size
        assert not await asyncio.to_thread(rewrite, path), "once is enough"


def wipe_as_if_large(path: Path) -> int:
    wipe(path, small=0)
    return path.stat().st_size


@pytest.mark.parametrize("name", ["conversations.db", "threads.db"])
async def test_words_are_overwritten_where_they_stood_also_without_a_clear(
    tmp_path: Path, name: str
) -> None:
    """`secure_delete` is on wherever words are written, so that little is left to wipe."""
    async with open_house(tmp_path) as house:
        await house.people.say("ann", f"{MARKER} was here")
        await house.people.say("ann", "/undo")
    data = await asyncio.to_thread((tmp_path / "data" / name).read_bytes)
    assert MARKER.encode() not in data


async def test_what_the_one_who_decided_is_called_goes_and_who_it_was_stays(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hi to me"))
        await house.people.tap("ann", card.approval_id)
        records = house.bot.approvals.records
        decided = await records.get(card.approval_id)
        assert decided is not None
        assert (decided.decided_name, decided.decided_by) == ("Ann", "memory:ann")
        await house.people.say("ann", "/clear")
        left = await records.get(card.approval_id)
        assert left is not None
        assert (left.decided_name, left.decided_by) == ("", "memory:ann")
