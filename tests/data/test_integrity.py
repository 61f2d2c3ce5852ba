"""Looking whether everything that is kept is whole and agrees, while the bot works."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.contract import Answer
from bot.care import CareOptions, every_day
from bot.errors import NoBackup
from bot.integrity import Look
from bot.sweeper import make_scheduler
from tests.data.damage import by_hand
from tests.stories.house import House, card_in, open_house


async def talk(house: House) -> None:
    """Leave something of every kind: answers, notes, approvals decided and open, held texts."""
    say, tap = house.people.say, house.people.tap
    await say("ann", "hello")
    await say("ann", "/settings zone Europe/Paris")
    await say("ann", "remind me tomorrow at 9 to call home")
    card = card_in(await say("ann", "send hello to me"))
    await tap("ann", card.approval_id)
    await say("bob", "hello")
    await say("bob", "send hello to me")
    await say("bob", "and this waits")


async def look(house: House) -> Look:
    return await house.bot.care.integrity.look()


async def rules(house: House) -> set[str]:
    return {each.rule for each in (await look(house)).findings}


async def change(home: Path, *statements: str) -> None:
    await asyncio.to_thread(by_hand, home / "data" / "conversations.db", *statements)


async def test_a_bot_that_people_use_has_nothing_to_find(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        found = await look(house)
        assert (found.findings, found.errors) == ((), 0)
        await house.people.say("ann", "/clear")
        assert (await look(house)).findings == ()


async def test_an_answer_that_somebody_deleted_is_missed(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        await change(tmp_path, "DELETE FROM messages WHERE role = 'assistant' AND user_id = 'bob'")
        found = await look(house)
        assert {each.rule for each in found.findings} == {"answered"}
        assert found.errors > 0
        assert {each.mend for each in found.findings} == {"data restore FILE"}


async def test_a_row_whose_message_somebody_deleted_leads_nowhere(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        await change(tmp_path, "DELETE FROM messages WHERE role = 'user' AND text = 'hello'")
        found = await look(house)
        assert "whole references" in {each.rule for each in found.findings}
        assert any("conversations.db" in each.about for each in found.findings)


async def test_a_message_in_the_conversation_of_another_person_is_found(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        await change(
            tmp_path,
            "UPDATE messages SET thread_id = (SELECT id FROM conversations WHERE owner = "
            "'memory:ann' LIMIT 1) WHERE user_id = 'bob' AND text = 'hello'",
        )
        assert "in one's own conversation" in await rules(house)


async def test_a_cell_that_somebody_changed_in_the_live_file_is_named(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        await house.bot.care.integrity._store.fold()

        def edit() -> None:
            text = house.csv.read_text()
            house.csv.write_text(text.replace("memory_bob", "memory_eve"))

        await asyncio.to_thread(edit)
        (found,) = (await look(house)).findings
        assert (found.rule, found.severity) == ("edited", "warning")
        assert "user_id: 'memory_bob' → 'memory_eve'" in found.text
        assert found.mend.startswith("sessions apply ")
        assert found.about in found.mend


async def test_what_can_be_mended_is_mended_and_found_no_more(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        await change(
            tmp_path,
            "DELETE FROM conversations WHERE owner = 'memory:bob'",
            "INSERT INTO conversations VALUES ('x', 'memory:eve', 't', 1, 1, '[]', '')",
            "UPDATE messages SET files = 3 WHERE user_id = 'ann' AND text = 'hello'",
            "INSERT INTO parts (shows, part) VALUES ('nothing', '1')",
            "INSERT INTO dead_letters SELECT id, 1, 'why' FROM messages LIMIT 1",
        )

        def leave_a_thread() -> None:
            by_hand(
                tmp_path / "data" / "threads.db",
                "INSERT INTO checkpoints SELECT 'lost', checkpoint_ns, checkpoint_id, NULL, type, "
                "checkpoint, metadata FROM checkpoints LIMIT 1",
            )

        await asyncio.to_thread(leave_a_thread)
        expected = {
            "in a conversation",
            "conversation of messages",
            "files counted",
            "shown parts",
            "dead letter",
            "thread of a conversation",
        }
        found = await look(house)
        assert {each.rule for each in found.findings} == expected
        assert {each.mend for each in found.findings} == {"data repair"}
        done = await house.bot.care.integrity.repair()
        assert done.mended == len(found.findings)
        assert done.left.findings == ()
        (kept,) = await asyncio.to_thread(lambda: list((tmp_path / "data" / "backups").iterdir()))
        assert done.backup == kept.name
        await house.people.say("bob", "/cancel")
        (answer,) = [
            each for each in await house.people.say("bob", "hi") if isinstance(each, Answer)
        ]
        assert answer.text


async def test_nothing_is_mended_without_a_backup(tmp_path: Path) -> None:
    async with open_house(tmp_path, BACKUP_DIR=".env/no-directory") as house:
        await talk(house)
        await change(tmp_path, "UPDATE messages SET files = 3 WHERE text = 'hello'")
        with pytest.raises(NoBackup):
            await house.bot.care.integrity.repair()
        assert "files counted" in await rules(house)


async def test_turns_at_work_are_no_findings(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        talking = [
            asyncio.create_task(house.people.say(f"p{n % 6}", f"hello {n}")) for n in range(60)
        ]
        found = await look(house)
        await asyncio.gather(*talking)
        assert found.findings == ()
        assert (await look(house)).findings == ()


async def test_those_who_run_the_bot_are_told_of_errors_and_of_nothing_else(tmp_path: Path) -> None:
    async with open_house(tmp_path, ADMIN_CHAT="memory:boss") as house:
        await talk(house)
        await house.bot.care.look()
        assert house.said("boss") == []
        await change(tmp_path, "DELETE FROM messages WHERE role = 'assistant' AND user_id = 'bob'")
        await house.bot.care.look()
        alarm = await house.eventually("boss", Answer)
        assert isinstance(alarm, Answer)
        assert "data integrity" in alarm.text


async def test_it_is_looked_every_day_at_the_time_that_was_set(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        scheduler = make_scheduler(house.bot.alarms)
        every_day(scheduler, house.bot.care, CareOptions(integrity_at="off"))
        assert scheduler.get_job("look at the data") is None
        every_day(scheduler, house.bot.care, CareOptions(integrity_at="03:05"))
        assert "hour='3', minute='5'" in str(scheduler.get_job("look at the data").trigger)


BY_HAND = (
    ("messages", "id", "text = 'hello' AND user_id = 'ann'", "text = 'hullo'"),
    ("messages", "id", "text = 'hello' AND user_id = 'bob'", "created_at = created_at - 1"),
    ("messages", "id", "text = '/status'", "sender_name = 'Eve'"),
    ("approvals", "id", "outcome = ''", "actions = replace(actions, 'hello', 'money')"),
    ("approvals", "id", "outcome = 'approved'", "decided_by = 'memory:eve'"),
    ("ledger", "tool_call_id", "tool = 'send_message'", "arguments = '{}'"),
    ("ledger", "tool_call_id", "tool != 'send_message'", "outcome = 'failed'"),
)
"""A table, what names a row of it, which rows somebody changes, and how."""

OUT_OF_NOWHERE = (
    "INSERT INTO messages (id, role, text, platform, chat_id, user_id, topic_id, created_at, "
    "state, thread_id, session_id, sender_name, attempts) VALUES "
    "('x', 'assistant', 'pay', 'memory', 'ann', 'ann', '', 1, 'delivered', '', '', '', 0)"
)


async def test_rows_that_somebody_changed_or_added_are_named(tmp_path: Path) -> None:
    def tamper() -> set[str]:
        ids: set[str] = set()
        with closing(sqlite3.connect(tmp_path / "data" / "conversations.db")) as db, db:
            for table, name, which, _ in BY_HAND:
                rows = [row for (row,) in db.execute(f"SELECT {name} FROM {table} WHERE {which}")]
                assert rows, which
                ids |= {*rows}
            for table, _, which, how in BY_HAND:
                db.execute(f"UPDATE {table} SET {how} WHERE {which}")
            db.execute(OUT_OF_NOWHERE)
        return {*ids, "x"}

    async with open_house(tmp_path) as house:
        await talk(house)
        await house.people.say("ann", "/status")
        changed = await asyncio.to_thread(tamper)
        found = [each for each in (await look(house)).findings if each.rule == "as it was written"]
        assert {each.about for each in found} == changed
        texts = " ".join(each.text for each in found)
        assert "the approval of memory:ann of 2" in texts
        assert "was changed after it was written" in texts
        assert "was not written by the bot" in texts


async def test_a_row_that_was_changed_is_kept_when_the_operator_says_so(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        assert (await look(house)).findings == ()
        await change(tmp_path, "UPDATE messages SET text = 'hullo' WHERE text = 'hello'")
        found = await look(house)
        assert {each.rule for each in found.findings} == {"as it was written", "search index"}
        kept = await house.bot.care.integrity.repair()
        assert {each.rule for each in kept.left.findings} == {"as it was written"}
        done = await house.bot.care.integrity.repair(accept=True)
        assert (done.mended, done.left.findings) == (len(kept.left.findings), ())
        assert "hullo" in str(await house.people.say("bob", "/search hullo"))


async def test_whatever_people_do_with_their_words_is_no_change_by_hand(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        say = house.people.say
        for text in ("/undo", "/retry", "/search hello", "/title Words", "/new", "hello", "/clear"):
            await say("ann", text)
        await say("bob", "/cancel")
        await say("bob", "/forget everything")
        assert (await look(house)).findings == ()


async def test_how_far_it_is_can_be_asked_while_it_is_looked(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await talk(house)
        looking = asyncio.create_task(look(house))
        seen = set()
        while not looking.done():
            now = house.bot.care.progress.now
            seen.add((now.what, now.of) if now else None)
            await asyncio.sleep(0)
        assert (await looking).findings == ()
        assert ("integrity", 6) in seen
        assert house.bot.care.progress.now is None
