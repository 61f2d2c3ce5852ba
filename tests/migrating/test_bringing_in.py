"""What people had in simpler bots goes on here: found, resumed, and known to the agent."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sessions.migrating.found import SourceRefused
from sessions.migrating.whose import Whose
from sessions.search import Whose as Owned
from tests.migrating import old_bots
from tests.migrating.bringing import (
    brought_in,
    everything_in,
    looked_at,
    migrating_in,
    remarks_of,
)
from tests.migrating.old_bots import said
from tests.stories.chats import said as told
from tests.stories.house import open_house

KINDS: Mapping[str, tuple[Callable[[Path], Path], str, int]] = {
    "a folder of session files": (old_bots.folder_of_sessions, "chamomile", 6),
    "conversations.db": (
        lambda folder: old_bots.conversations_db(folder / "conversations.db"), "topic1", 4,
    ),
    "under another name": (
        lambda folder: old_bots.conversations_db(folder / "some.sqlite"), "topic1", 4,
    ),
    "research_sessions.db": (old_bots.research_folder, "watering", 3),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_said_is_found_resumed_and_known_to_the_agent(
    tmp_path: Path, kind: str
) -> None:
    make, word, many = KINDS[kind]
    old = make(tmp_path / "old")
    before = everything_in(tmp_path / "old")
    async with open_house(tmp_path) as house:
        looked = await looked_at(house, old)
        assert (looked.migration.messages, looked.migration.state) == (many, "begun")
        assert not await asyncio.to_thread(house.bot.care.migrating.diary.all)
        done = await brought_in(house, old)
        assert (done.migration.messages, done.migration.verified) == (many, True)
        say = house.people.say
        found = told(await say("ann", f"/search {word}"))
        assert word in found
        assert told(await say("bob", f"/search {word}")) != found
        assert "/resume" in told(await say("ann", "/resume"))
        await say("ann", "/resume 1")
        (session,) = [each for each in await house.bot.sessions.all() if "ann" in each.user_id]
        state = await house.bot.turns.runner.look(session.thread_id)
        assert state.human_ids
        assert "brought-in" in told(await say("ann", "/tag"))
        await say("ann", "and now?")
        assert (await house.bot.care.integrity.look()).findings == ()
        again = await brought_in(house, old)
        assert (again.migration.messages, again.known) == (0, many)
    assert everything_in(tmp_path / "old") == before


async def test_an_export_of_users_goes_to_each_of_them_and_leaves_the_passwords(
    tmp_path: Path,
) -> None:
    old = old_bots.users_export(tmp_path / "users.json")
    people = {"alice": "memory:ann", "bob@example.org": "memory:bob"}
    async with open_house(tmp_path) as house:
        done = await brought_in(house, old, Whose(people=people))
        assert done.people == {"memory:ann": 1, "memory:bob": 1}
        assert "password of users" in remarks_of(done)
        assert "Bread" in told(await house.people.say("ann", "/resume"))
        assert "forty minutes" in told(await house.people.say("ann", "/search minutes"))
        assert "forty" not in told(await house.people.say("bob", "/search minutes"))
    everything = b"".join(content for _, content in everything_in(tmp_path / "data").values())
    assert b"forty minutes" in everything
    assert old_bots.BCRYPT.encode() not in everything


async def test_who_is_named_and_not_known_is_asked_for(tmp_path: Path) -> None:
    old = old_bots.conversations_db(tmp_path / "a.db", talks=3, users=("11", "alice"))
    async with open_house(tmp_path) as house:
        with pytest.raises(SourceRefused, match="It names 11, alice"):
            await brought_in(house, old, Whose(person="memory:ann"))
        looked = await looked_at(house, old, Whose(platform="telegram"))
        assert looked.people == {"telegram:11": 2}
        assert looked.strangers == {"alice": 1}
        nobody = old_bots.conversations_db(tmp_path / "b.db")
        with pytest.raises(SourceRefused, match="Say whose it is with --person"):
            await brought_in(house, nobody, Whose(platform="telegram"))


async def test_live_sessions_of_an_old_file_go_on_and_those_that_ended_do_not(
    tmp_path: Path,
) -> None:
    old = old_bots.sessions_csv(tmp_path / "old.csv", last=datetime.now(UTC))
    async with open_house(tmp_path) as house:
        done = await brought_in(house, old, Whose())
        assert sorted(done.migration.sessions) == ["abc-1", "abc-2"]
        live = {each.session_id: each for each in await house.bot.sessions.all()}
        assert (live["abc-1"].user_id, live["abc-1"].platform) == ("telegram_456", "telegram")
        assert (await house.bot.care.integrity.look()).findings == ()
        assert not (await brought_in(house, old, Whose())).migration.sessions
        ended = old_bots.sessions_csv(
            tmp_path / "ended.csv", last=datetime.now(UTC) - timedelta(days=300)
        )
        report = await looked_at(house, ended, Whose())
        assert not report.migration.sessions
        undone = await migrating_in(house).undo(done.migration.id)
        assert undone is not None
        assert (undone.sessions, await house.bot.sessions.all()) == (2, [])
        assert "idle for longer" in remarks_of(await looked_at(house, ended, Whose()))


async def test_a_file_of_sessions_says_whose_the_conversations_beside_it_are(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "old"
    old_bots.conversations_db(folder / "conversations.db", talks=1)
    (folder / "sessions.csv").write_text(
        f"{old_bots.OUR_COLUMNS}\n"
        "s0,telegram_456,telegram,t,2025-09-30T10:30:00,2025-09-30T11:45:00,[],{}\n"
    )
    async with open_house(tmp_path) as house:
        assert (await brought_in(house, folder, Whose())).people == {"telegram:456": 1}


async def test_a_session_never_opens_the_conversation_of_somebody_else(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("bob", "a secret of bob")
        (session,) = await house.bot.sessions.all()
        old = tmp_path / "old.csv"
        now = datetime.now(UTC).isoformat()
        old.write_text(
            f"{old_bots.OUR_COLUMNS}\nx,memory_ann,memory,{session.thread_id},{now},{now},[],{{}}\n"
        )
        await brought_in(house, old, Whose(people={"memory_ann": "memory:ann"}))
        await house.people.say("ann", "what did I say")
        threads = {each.user_id: each.thread_id for each in await house.bot.sessions.all()}
        assert threads["memory_ann"] != threads["memory_bob"]


async def test_what_was_said_later_in_the_old_bot_comes_in_the_next_time(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    texts = ("which tea at night", "chamomile")
    old_bots.session_file(folder, "tea", said(*texts))
    async with open_house(tmp_path) as house:
        first = await brought_in(house, folder)
        old_bots.session_file(folder, "tea", said(*texts, "and at noon", "green"))
        second = await brought_in(house, folder)
        assert (second.migration.messages, second.migration.conversations) == (2, 0)
        assert "green" in told(await house.people.say("ann", "/search green"))
        await house.people.say("ann", "/resume 1")
        (session,) = await house.bot.sessions.all()
        state = await house.bot.turns.runner.look(session.thread_id)
        assert len(state.human_ids) == 2
        assert first.migration.id != second.migration.id


async def test_what_was_cleared_here_stays_so_also_if_the_old_bot_went_on(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    texts = ("which tea at night", "chamomile")
    old_bots.session_file(folder, "tea", said(*texts))
    async with open_house(tmp_path) as house:
        await brought_in(house, folder)
        await house.people.say("ann", "/resume 1")
        await house.people.say("ann", "/clear")
        old_bots.session_file(folder, "tea", said(*texts, "and at noon", "green"))
        again = await brought_in(house, folder)
        assert (again.migration.messages, again.migration.verified) == (0, True)
        assert "was cleared here" in remarks_of(again)
        assert "green" not in told(await house.people.say("ann", "/search noon"))
        assert (await house.bot.care.integrity.look()).findings == ()


async def test_old_conversations_outlive_the_next_cleanup_and_keep_their_order(
    tmp_path: Path,
) -> None:
    old = old_bots.conversations_db(tmp_path / "old.db", talks=3)
    async with open_house(tmp_path) as house:
        assert (await brought_in(house, old)).shifted
        assert (await house.bot.care.cleaning.clean()).conversations == 0
        shown = told(await house.people.say("ann", "/resume")).splitlines()[1:4]
        assert [line[-6:] for line in shown] == ["topic2", "topic1", "topic0"]
        found = await house.bot.library.search.find(Owned("memory:ann"), "topic0", limit=5)
        assert {each.message.created_at.year for each in found.hits} == {2025}


async def test_who_was_told_commands_by_the_old_bot_does_not_have_the_agent_hear_them(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "old"
    texts = ("/start", "Welcome to the old bot!", "which tea", "chamomile")
    old_bots.session_file(folder, "tea", said(*texts))
    async with open_house(tmp_path) as house:
        assert (await brought_in(house, folder)).migration.messages == 4
        await house.people.say("ann", "/resume 1")
        (session,) = await house.bot.sessions.all()
        assert len((await house.bot.turns.runner.look(session.thread_id)).human_ids) == 1
        assert (await house.bot.care.integrity.look()).findings == ()


async def test_texts_without_an_answer_and_answers_without_a_question_come_in_too(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "old"
    messages = [
        {"role": "assistant", "content": "Good morning!"},
        {"role": "user", "content": "first of two"},
        {"role": "user", "content": "second of two"},
        {"role": "assistant", "content": "both"},
        {"role": "assistant", "content": "and one more"},
        {"role": "user", "content": "nobody answered this"},
    ]
    old_bots.session_file(folder, "odd", messages)
    async with open_house(tmp_path) as house:
        assert (await brought_in(house, folder)).migration.messages == 6
        assert (await house.bot.care.integrity.look()).findings == ()
        for words in ("Good morning", "first of two", "and one more", "nobody answered"):
            assert words.lower() in told(await house.people.say("ann", f"/search {words}")).lower()
        await house.people.say("ann", "/resume 1")
        await house.people.say("ann", "hello again")
        assert (await house.bot.care.integrity.look()).findings == ()


# ---------------------------------------------------------------- taking it out again


async def test_undoing_takes_out_exactly_what_came_in(tmp_path: Path) -> None:
    old = old_bots.folder_of_sessions(tmp_path / "old")
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "I was here before")
        first = await brought_in(house, old)
        other = await brought_in(house, old, Whose(person="memory:bob"))
        undone = await migrating_in(house).undo(first.migration.id)
        assert undone is not None
        assert (undone.conversations, undone.messages, undone.kept) == (2, 6, [])
        assert "tea at night" in told(await house.people.say("bob", "/search night"))
        assert "I was here before" in str(await house.people.say("ann", "/history 5"))
        assert (await house.bot.care.integrity.look()).findings == ()
        await migrating_in(house).undo(other.migration.id)
        kept = await asyncio.to_thread(house.bot.care.migrating.diary.all)
        assert [each.state for each in kept] == ["undone", "undone"]
        await house.bot.library.search.wipe()
    everything = b"".join(content for _, content in everything_in(tmp_path / "data").values())
    assert b"chamomile" not in everything
    assert b"fern" not in everything


async def test_undoing_keeps_what_somebody_has_gone_on_with(tmp_path: Path) -> None:
    old = old_bots.folder_of_sessions(tmp_path / "old")
    async with open_house(tmp_path) as house:
        done = await brought_in(house, old)
        await house.people.say("ann", "/resume 1")
        await house.people.say("ann", "let us go on")
        (session,) = await house.bot.sessions.all()
        undone = await migrating_in(house).undo(done.migration.id)
        assert undone is not None
        assert (undone.conversations, undone.kept) == (1, [session.thread_id])
        assert (await house.bot.care.integrity.look()).findings == ()
        assert await migrating_in(house).undo("20200101T000000Z") is None
        assert await migrating_in(house).undo("../../secrets") is None
