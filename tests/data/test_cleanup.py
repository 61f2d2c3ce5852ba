"""What is older than it may be goes, and what somebody waits for or goes on with stays."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.contract import ApprovalRequest
from bot.agent.thread_file import thread_ids
from bot.care import CareOptions, every_day
from bot.errors import NoBackup
from bot.sweeper import make_scheduler
from sessions.past import Past
from tests.data.damage import by_hand
from tests.stories.house import House, answer_in, card_in, open_house
from tests.stories.words_left import found as files_with_the_word

WORD = "Xylophon"
DAY = 86_400 * 10**6
OLDER = (
    "UPDATE messages SET created_at = created_at - {0} WHERE user_id IN ({1})",
    "UPDATE conversations SET updated_at = updated_at - {0} WHERE owner IN ({2})",
)


async def grow_old(home: Path, *people: str, days: int = 40) -> None:
    """Let what these people said be so many days older."""
    users = ", ".join(f"'{each}'" for each in people)
    owners = ", ".join(f"'memory:{each}'" for each in people)
    statements = [each.format(days * DAY, users, owners) for each in OLDER]
    await asyncio.to_thread(by_hand, home / "data" / "conversations.db", *statements)


async def leave(house: House, person: str) -> None:
    """Let the session of a person end, as it does after an hour."""
    for session in await house.bot.sessions.all():
        if session.user_id == f"memory_{person}":
            await house.bot.end_session(session.session_id)


async def count(home: Path, table: str) -> int:
    def read() -> int:
        with closing(sqlite3.connect(home / "data" / "conversations.db")) as db:
            (found,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
            return int(found)

    return await asyncio.to_thread(read)


async def test_an_old_conversation_goes_with_every_word_of_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        say = house.people.say
        await say("ann", f"{WORD} is the first word")
        card = card_in(await say("ann", f"send {WORD} to me"))
        await house.people.tap("ann", card.approval_id)
        await say("ann", f"/{WORD} is no command")
        await say("ann", f"/search {WORD}")
        await say("bob", "I stay")
        await leave(house, "ann")
        await grow_old(tmp_path, "ann")
        plan = await house.bot.care.cleaning.plan()
        assert (len(plan.old.conversations), plan.exports) == (1, ())
        assert plan.old.oldest is not None
        done = await house.bot.care.cleaning.clean()
        assert (done.conversations, done.messages) == (1, plan.old.messages)
        assert "before-cleanup" in done.backup
        record = await house.bot.approvals.records.get(card.approval_id)
        assert record is not None
        assert (record.outcome, [*record.actions[0].arguments]) == ("approved", ["sha256"])
        assert (await house.bot.care.cleaning.plan()).is_empty
        assert (await house.bot.care.integrity.look()).findings == ()
        assert await asyncio.to_thread(lambda: len(thread_ids(tmp_path / "data/threads.db"))) == 1
        assert "I stay" in str(await say("bob", "/history"))
    assert await asyncio.to_thread(files_with_the_word, tmp_path) == []


async def test_nothing_goes_without_a_backup(tmp_path: Path) -> None:
    async with open_house(tmp_path, BACKUP_DIR=".env/no-directory") as house:
        await house.people.say("ann", "hello")
        await leave(house, "ann")
        await grow_old(tmp_path, "ann")
        with pytest.raises(NoBackup):
            await house.bot.care.cleaning.clean()
        assert not (await house.bot.care.cleaning.plan()).is_empty


async def test_what_is_live_open_or_waits_stays_however_old_it_is(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        say = house.people.say
        await say("live", "hello")
        await say("asked", "send hello to me")
        await say("asked", "and this waits")
        await say("new", "hello")
        await leave(house, "new")
        await grow_old(tmp_path, "live", "asked")
        assert (await house.bot.care.cleaning.plan()).is_empty
        done = await house.bot.care.cleaning.clean()
        assert (done.conversations, done.messages) == (0, 0)
        assert isinstance(await house.eventually("asked", ApprovalRequest), ApprovalRequest)
        await say("asked", "/cancel")
        assert answer_in(await say("live", "hello again"))


async def test_who_goes_on_with_an_old_conversation_at_that_moment_keeps_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", f"{WORD} is to stay")
        await leave(house, "ann")
        await grow_old(tmp_path, "ann")
        cleaning = house.bot.care.cleaning
        (thread_id,) = (await cleaning.plan()).old.conversations
        async with house.bot.turns.lanes.exclusive(thread_id):
            cleaned = asyncio.create_task(cleaning.clean())
            await asyncio.sleep(0.2)
            await resumed(house, thread_id)
        assert (await cleaned).conversations == 0
        assert WORD in str(await house.people.say("ann", "/history"))


async def resumed(house: House, thread_id: str) -> None:
    """Let ann's session be on a thread, as `/resume` does at its end."""
    await house.people.say("ann", "/status")
    await house.people.say("ann", "something new")
    (session,) = await house.bot.sessions.all()
    await house.bot.sessions.go_on(session.session_id, thread_id, ())
    past = house.bot.conversations.past
    (newest,) = await past.exchanges(session.thread_id, lambda _: True, limit=1)
    await past.belongs(newest.question.id, session.session_id, thread_id)


async def test_who_chose_a_conversation_that_goes_in_that_moment_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, gone = Past.belongs, list[int]()

    async with open_house(tmp_path) as house:
        say = house.people.say
        for text in ("first words", "/new", "second words"):
            await say("ann", text)
        await grow_old(tmp_path, "ann")

        async def too_late(self: Past, *which: str) -> None:
            gone.append((await house.bot.care.cleaning.clean()).conversations)
            await original(self, *which)

        monkeypatch.setattr(Past, "belongs", too_late)
        resumed = str(await say("ann", "/resume 1"))
        assert (gone[0], "has just been deleted" in resumed) == (1, True)
        assert "second words" in str(await say("ann", "/history"))
        assert "no earlier conversation" in str(await say("ann", "/resume"))


async def test_for_ever_keeps_everything(tmp_path: Path) -> None:
    async with open_house(
        tmp_path,
        CONVERSATION_RETENTION_DAYS="0",
        DEAD_LETTER_RETENTION_DAYS="0",
        EXPORT_RETENTION_DAYS="0",
    ) as house:
        await house.people.say("ann", "hello")
        await leave(house, "ann")
        await grow_old(tmp_path, "ann", days=20_000)
        assert (await house.bot.care.cleaning.plan()).is_empty


async def test_dead_letters_reminders_and_exports_have_their_own_time(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "hello")
        await house.people.say("ann", f"remind me tomorrow at 9 to play the {WORD}")
        await house.people.say("ann", "/remind cancel 1")
        exports = tmp_path / "data" / "exports"

        def prepare() -> None:
            by_hand(
                tmp_path / "data" / "conversations.db",
                "INSERT INTO dead_letters SELECT id, 1, 'why' FROM messages WHERE number = 1",
                "INSERT INTO set_aside (platform, update_id, content, reason, at) VALUES "
                f"('telegram', '1', '{WORD}', 'odd', 1)",
                f"UPDATE reminders SET created_at = created_at - {40 * DAY}",
            )
            exports.mkdir()
            for name in ("old.zip", "new.zip"):
                (exports / name).write_bytes(b"x")
            os.utime(exports / "old.zip", (0, 0))

        await asyncio.to_thread(prepare)
        plan = await house.bot.care.cleaning.plan()
        old = plan.old
        assert (old.dead_letters, old.set_aside, old.reminders) == (1, 1, 1)
        assert [each.name for each in plan.exports] == ["old.zip"]
        done = await house.bot.care.cleaning.clean()
        assert (done.dead_letters, done.set_aside, done.reminders, done.exports) == (1, 1, 1, 1)
        assert (await house.bot.care.cleaning.plan()).is_empty
        assert await count(tmp_path, "reminders") == 1, "the numbers of others do not change"
        assert await asyncio.to_thread(lambda: [each.name for each in exports.iterdir()]) == [
            "new.zip"
        ]


async def test_the_disk_has_room_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, MESSAGES_PER_MINUTE="0") as house:
        for _ in range(40):
            await house.people.say("ann", "a long message " * 500)
        await leave(house, "ann")
        await grow_old(tmp_path, "ann")
        path = tmp_path / "data" / "conversations.db"
        await asyncio.to_thread(by_hand, path, "PRAGMA user_version")
        done = await house.bot.care.cleaning.clean()
        assert done.messages >= 80
        size = (await asyncio.to_thread(path.stat)).st_size
        assert size < 300_000


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("step", ["forget", "remove"])
async def test_what_a_crash_has_left_goes_with_the_next_cleanup(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path) as house:
        for person in ("ann", "bob"):
            await house.people.say(person, f"{WORD} of {person}")
            await leave(house, person)
        await grow_old(tmp_path, "ann", "bob")
        cleaning = house.bot.care.cleaning
        cleanup = cleaning._cleanup
        original = (
            cleanup.remove_conversation if step == "remove" else house.bot.turns.runner.forget
        )

        async def die(*_: object, **__: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            owner = cleanup if step == "remove" else house.bot.turns.runner
            patch.setattr(owner, original.__name__, die)
            with pytest.raises(Killed):
                await cleaning.clean()
    async with open_house(tmp_path, recovering=True) as house:
        found = (await house.bot.care.integrity.look()).findings
        errors = {each.rule for each in found if each.severity == "error"}
        assert errors == {"as it was written"}, "we made them older by hand"
        assert (await house.bot.care.cleaning.clean()).conversations == 2
        assert (await house.bot.care.integrity.look()).findings == ()
    assert await asyncio.to_thread(files_with_the_word, tmp_path) == []


async def test_it_is_cleaned_up_every_day_at_the_time_that_was_set(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "hello")
        await leave(house, "ann")
        await grow_old(tmp_path, "ann")
        scheduler = make_scheduler(house.bot.alarms)
        every_day(scheduler, house.bot.care, CareOptions(cleanup_at="04:30"))
        job = scheduler.get_job("clean up")
        assert "hour='4', minute='30'" in str(job.trigger)
        await job.func()
        assert await count(tmp_path, "messages") == 0
