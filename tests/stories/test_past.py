"""Somebody looks back, takes words back, and deletes them."""

from pathlib import Path

from adapters.contract import Answer, ApprovalSettled, Notice, Reply, TextDelta
from tests.faults.lives import agree
from tests.stories.house import House, answer_in, card_in, open_house

CLEARED = "Every word of this conversation is deleted here"


def said(replies: tuple[Reply, ...]) -> str:
    (notice,) = [reply for reply in replies if isinstance(reply, Notice)]
    return notice.text


async def state_of(house: House, thread_id: str) -> list[str]:
    """Give the texts that the agent still sees."""
    return [message.text for message in await house.bot.turns.runner._messages(thread_id)]


async def thread_of(house: House) -> str:
    (session,) = await house.bot.sessions.all()
    return session.thread_id


async def test_history_shows_the_last_exchanges_and_no_commands(tmp_path: Path) -> None:
    async with open_house(tmp_path, BOT_NAME="Ada") as house:
        assert "Nothing was said" in said(await house.people.say("ann", "/history"))
        for number in range(7):
            await house.people.say("ann", f"note: {number}")
        await house.people.say("ann", "/status")
        lines = said(await house.people.say("ann", "/history")).splitlines()
        assert [line.partition(" you: ")[2] for line in lines[::2]] == [
            f"note: {number}" for number in range(2, 7)
        ]
        assert all(" UTC Ada: " in line for line in lines[1::2])
        two = said(await house.people.say("ann", "/history 2")).splitlines()
        assert two == lines[-4:]
        for wrong in ("0", "21", "many"):
            told = said(await house.people.say("ann", f"/history {wrong}"))
            assert "from 1 to 20" in told
        assert "Nothing was said" in said(await house.people.say("bob", "/history"))


async def test_history_shows_what_waits_and_times_in_the_persons_zone(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "/settings zone Asia/Tokyo")
        await house.people.say("ann", "send hello to me")
        text = said(await house.people.say("ann", "/history"))
        assert " JST you: send hello to me" in text
        assert "(waits for a decision)" in text


async def test_undo_forgets_the_last_exchange_for_the_agent_and_for_the_person(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "first words")
        await house.people.say("ann", "second words")
        told = said(await house.people.say("ann", "/undo"))
        assert "is undone" in told
        assert "Not undone" not in told
        assert "second words" not in " ".join(await state_of(house, await thread_of(house)))
        history = said(await house.people.say("ann", "/history"))
        assert "first words" in history
        assert "second words" not in history
        await house.people.say("ann", "third words")
        assert "first words" in " ".join(await state_of(house, await thread_of(house)))
        for _ in range(2):
            assert "is undone" in said(await house.people.say("ann", "/undo"))
        assert "Nothing was said" in said(await house.people.say("ann", "/undo"))
        assert await state_of(house, await thread_of(house)) == []
        assert "no earlier" in said(await house.people.say("bob", "/resume"))


async def test_undo_names_the_actions_that_ran(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "note: milk")
        card = card_in(await house.people.say("ann", "send hello to me and note: bread"))
        await house.people.tap("ann", card.approval_id)
        told = said(await house.people.say("ann", "/undo"))
        assert "Not undone, as it has run: " in told
        assert "send_message (done)" in told
        assert told.count("note (done)") == 1, "the note of the exchange before is none of it"


async def test_what_was_named_when_it_was_undone_is_not_named_again_with_the_one_before(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "note: milk")
        await house.people.say("ann", "note: bread and send hello to nobody")
        await house.people.say("ann", "/cancel")
        await house.people.say("ann", "note: tea")
        for _ in range(3):
            told = said(await house.people.say("ann", "/undo"))
            assert told.count("note (done)") <= 1
        assert told.count("note (done)") == 1


async def test_an_undone_message_that_comes_again_is_no_new_one(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "hello", message_id="7")
        await house.people.say("ann", "/undo", message_id="8")
        assert await house.people.say("ann", "hello", message_id="7") == ()
        assert await house.people.say("ann", "/undo", message_id="8") == ()
        assert "Nothing was said" in said(await house.people.say("ann", "/history"))


async def test_what_waits_for_a_decision_is_not_undone(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        assert "waits for a decision" in said(await house.people.say("ann", "/undo"))
        assert "waits for a decision" in said(await house.people.say("ann", "/retry"))
        assert "on its way" in answer_in(await house.people.tap("ann", card.approval_id))


async def test_retry_says_the_same_text_again_in_the_place_of_the_last(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert "Nothing was said" in said(await house.people.say("ann", "/retry"))
        await house.people.say("ann", "something before")
        first = answer_in(await house.people.say("ann", "tell me something"))
        replies = await house.people.say("ann", "/retry")
        assert answer_in(replies) == first
        assert not any(isinstance(reply, Notice) for reply in replies)
        seen = await state_of(house, await thread_of(house))
        assert seen.count("tell me something") == 1
        assert len(seen) == 4
        history = said(await house.people.say("ann", "/history"))
        assert history.count("you: tell me something") == 1


async def test_retry_names_the_actions_that_run_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "note: milk")
        replies = await house.people.say("ann", "/retry")
        assert "Not undone, as it has run: note (done)." in said(replies)
        notes = answer_in(await house.people.say("ann", "what are my notes"))
        assert notes.count("milk") == 2, "an action that ran is not undone, and runs again"


async def test_clear_begins_anew_and_leaves_nothing_to_go_back_to(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "first words")
        before = await thread_of(house)
        assert CLEARED in said(await house.people.say("ann", "/clear"))
        assert await thread_of(house) != before
        assert "no earlier" in said(await house.people.say("ann", "/resume"))
        assert "Nothing was said" in said(await house.people.say("ann", "/history"))
        assert not (await house.bot.turns.runner.look(before)).exists
        assert "words" not in answer_in(await house.people.say("ann", "hello"))


async def test_clear_withdraws_what_is_open_and_says_so(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        card = card_in(await house.people.say("ann", "send hello to me"))
        replies = await house.people.say("ann", "/clear")
        (settled,) = [reply for reply in replies if isinstance(reply, ApprovalSettled)]
        assert (settled.approval_id, settled.outcome) == (card.approval_id, "withdrawn")
        (session,) = await house.bot.sessions.all()
        assert session.pending_approval == ()
        assert "hello" not in house.said("ann")


async def test_a_message_of_a_cleared_conversation_does_not_come_alive_again(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "note: milk", message_id="7")
        await house.people.say("ann", "/clear", message_id="8")
    async with open_house(tmp_path, recovering=True) as house:
        assert await house.people.say("ann", "note: milk", message_id="7") == ()
        assert await house.people.say("ann", "/clear", message_id="8") == ()
        assert answer_in(await house.people.say("ann", "what are my notes")).count("milk") == 1


async def test_what_somebody_else_said_stays_when_one_clears(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "words of ann")
        await house.people.say("bob", "words of bob")
        await house.people.say("ann", "/clear")
        assert "words of bob" in said(await house.people.say("bob", "/history"))


async def test_settings_are_shown_and_set(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        shown = said(await house.people.say("ann", "/settings"))
        assert "Time zone: UTC" in shown
        assert "written: on" in shown
        assert "Europe/Paris" in said(await house.people.say("ann", "/settings zone europe/paris"))
        assert "written: off" in said(await house.people.say("ann", "/settings streaming off"))
        wrong = said(await house.people.say("ann", "/settings zone Europe/Parys"))
        assert "Did you mean Europe/Paris?" in wrong
        assert "Write /settings" in said(await house.people.say("ann", "/settings streaming maybe"))
    async with open_house(tmp_path) as house:
        shown = said(await house.people.say("ann", "/settings"))
        assert "Time zone: Europe/Paris" in shown
        assert "written: off" in shown
        assert "Time zone: UTC" in said(await house.people.say("bob", "/settings"))


async def test_who_wants_no_streaming_sees_only_the_answer(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.people.say("ann", "/settings streaming off")
        replies = await house.people.say("ann", "hello")
        assert not any(isinstance(reply, TextDelta) for reply in replies)
        assert isinstance(replies[-1], Answer)
        assert any(isinstance(r, TextDelta) for r in await house.people.say("bob", "hello"))


async def test_when_all_words_are_taken_back_the_records_still_agree(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        for text in ("/status", "hello", "/history", "/undo", "/undo", "/retry", "hello", "/clear"):
            await house.people.say("ann", text)
        await house.people.say("ann", "/history")
        await agree(house.bot)
        await house.people.say("ann", "send hello to me", chat="-100")
        await house.people.say("ann", "this waits", chat="-100")
        await house.people.say("ann", "/resume 1")
        await agree(house.bot)


async def test_in_a_shared_chat_only_admins_take_words_back(tmp_path: Path) -> None:
    async with open_house(tmp_path, GROUP_SESSIONS="chat", ADMINS="memory:eve") as house:
        await house.people.say("ann", "words of ann", chat="-100")
        for command in ("/undo", "/retry", "/clear", "/resume"):
            told = said(await house.people.say("ann", command, chat="-100"))
            assert told == "In a shared chat only an admin may do this."
        assert "Ann: words of ann" in said(await house.people.say("eve", "/history", chat="-100"))
        assert "undone" in said(await house.people.say("eve", "/undo", chat="-100"))
        await house.people.say("ann", "more words", chat="-100")
        assert CLEARED in said(await house.people.say("eve", "/clear", chat="-100"))
