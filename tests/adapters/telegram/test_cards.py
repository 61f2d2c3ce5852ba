"""Approvals are cards: buttons that decide, once, and then a card that says how it ended."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.contract import (
    Action,
    ApprovalRequest,
    Approve,
    Decision,
    Edit,
    Notice,
    Refused,
    Reject,
    Reply,
)
from adapters.telegram.keyboards import keyboard_of
from tests.adapters.telegram.asking import DONE, LATER, MAIL, ONE, asked, card_bot, reception
from tests.adapters.telegram.side import Bot, Inbound, serving, telegram_side
from tests.emulators.telegram.server import telegram_server


async def test_a_card_says_what_would_run_and_has_buttons() -> None:
    async with telegram_side(card_bot()) as side:
        await asked(side)
        (card,) = side.ann.chat.answers
        assert "send_mail" in card.text
        assert "to: bea" in card.text
        assert f"{LATER:%H:%M} UTC" in card.text
        assert card.labels == ["Approve", "Reject", "Edit", "Approve for this session"]
        await side.bot.until_done(1)
        assert side.bot.cards == [str(card.message_id)]


async def test_after_a_tap_the_card_says_the_outcome_and_has_no_buttons() -> None:
    async with telegram_side(card_bot()) as side:
        await asked(side)
        (card,) = side.ann.chat.answers
        said = await side.ann.tap(card, "Approve")
        await side.telegram.until(lambda: card.edits)
        assert said.text == card.text == DONE.text
        assert card.labels == []
        assert len(side.ann.chat.answers) == 1
        assert [d.verdicts for d in side.bot.decisions] == [(Approve(),)]


async def test_each_button_means_what_it_says() -> None:
    for label, verdict in (("Reject", Reject()), ("Approve for this session", Approve(True))):
        async with telegram_side(card_bot()) as side:
            await asked(side)
            await side.ann.tap(side.ann.chat.answers[0], label)
            assert [d.verdicts for d in side.bot.decisions] == [(verdict,)]


async def test_a_second_tap_is_told_how_it_was_decided_and_changes_nothing() -> None:
    def late(inbound: Inbound) -> Sequence[Reply]:
        if isinstance(inbound, Decision):
            return (Refused("settled", f"This is decided already. {DONE.text}", DONE),)
        return (ONE,)

    async with telegram_side(Bot(late)) as side:
        await asked(side)
        (card,) = side.ann.chat.answers
        said = await side.ann.tap(card, "Approve")
        assert said.alert
        assert said.text == f"This is decided already. {DONE.text}"
        await side.telegram.until(lambda: card.edits)
        assert card.text == DONE.text
        assert card.labels == []


async def test_who_may_not_decide_is_told_alone() -> None:
    def foreign(inbound: Inbound) -> Sequence[Reply]:
        if isinstance(inbound, Decision):
            return (Refused("not_yours", "Only an admin decides about this."),)
        return (ONE,)

    async with telegram_side(Bot(foreign)) as side:
        bea = side.telegram.person("Bea")
        group = side.telegram.supergroup("Family", side.ann, bea)
        side.ann.say("@threadline_bot ask", group)
        await side.telegram.until(lambda: group.answers)
        (card,) = group.answers
        said = await bea.tap(card, "Approve")
        assert (said.text, said.alert) == ("Only an admin decides about this.", True)
        assert side.bot.decisions[0].sender.user_id == str(bea.user_id)
        assert card.labels[0] == "Approve"
        assert len(group.answers) == 1


async def test_several_actions_are_picked_one_by_one() -> None:
    async with telegram_side(card_bot()) as side:
        await asked(side, "two")
        (card,) = side.ann.chat.answers
        assert "1. send_mail" in card.text
        assert "2. pay" in card.text
        assert "Decide as picked" not in card.labels
        await side.ann.tap(card, "Approve 1")
        await side.telegram.until(lambda: "✅ Approve 1" in card.labels)
        await side.ann.tap(card, "Reject 2")
        await side.telegram.until(lambda: "Decide as picked" in card.labels)
        await side.ann.tap(card, "Decide as picked")
        assert side.bot.decisions[0].verdicts == (Approve(), Reject())


async def test_several_actions_can_be_decided_at_once() -> None:
    async with telegram_side(card_bot()) as side:
        await asked(side, "two")
        await side.ann.tap(side.ann.chat.answers[0], "Reject all")
        assert side.bot.decisions[0].verdicts == (Reject(),)


async def test_new_arguments_are_given_in_a_reply_also_after_a_restart() -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with serving(telegram, card_bot(), reception=reception()):
            ann.say("ask")
            await telegram.until(lambda: ann.chat.answers)
            await ann.tap(ann.chat.answers[0], "Edit")
            await telegram.until(lambda: len(ann.chat.answers) == 2)
            question = ann.chat.answers[1]
            assert '"copies": 2' in question.text
            assert question.now.markup is not None
            assert question.now.markup["force_reply"]
        async with serving(telegram, card_bot(), reception=reception()) as (_, bot, _):
            ann.say("text: six\nor seven?", reply_to=question)
            await bot.until_done(1)
            edit = Edit({"to": "bea", "text": "six\nor seven?", "copies": 2})
            assert [d.verdicts for d in bot.decisions] == [(edit,)]


async def test_new_arguments_can_be_json() -> None:
    async with telegram_side(card_bot(), reception=reception()) as side:
        await asked(side)
        await side.ann.tap(side.ann.chat.answers[0], "Edit")
        await side.said(2)
        side.ann.say('```json\n{"to": "ann"}\n```', reply_to=side.ann.chat.answers[-1])
        await side.bot.until_done(2)
        assert side.bot.decisions[0].verdicts == (Edit({"to": "ann"}),)


async def test_what_cannot_be_read_is_said_and_asked_for_again() -> None:
    async with telegram_side(card_bot(), reception=reception()) as side:
        await asked(side)
        await side.ann.tap(side.ann.chat.answers[0], "Edit")
        await side.said(2)
        side.ann.say('{"to": ', reply_to=side.ann.chat.answers[-1])
        said = await side.said(3)
        assert said[-1].startswith("This is not JSON")
        side.ann.say("copies: 3", reply_to=side.ann.chat.answers[-1])
        await side.bot.until_done(2)
        assert side.bot.decisions[0].verdicts == (Edit({**MAIL.arguments, "copies": 3}),)


async def test_what_the_action_does_not_take_is_said_and_asked_for_again() -> None:
    def strict(inbound: Inbound) -> Sequence[Reply]:
        if isinstance(inbound, Decision):
            return (Refused("misshapen", "copies: there are 2 at most."),)
        return (ONE,)

    async with telegram_side(Bot(strict), reception=reception()) as side:
        await asked(side)
        await side.ann.tap(side.ann.chat.answers[0], "Edit")
        await side.said(2)
        side.ann.say("copies: 3", reply_to=side.ann.chat.answers[-1])
        said = await side.said(3)
        assert said[-1].startswith("copies: there are 2 at most.\nNew arguments for send_mail?")


async def test_editing_what_is_over_is_told() -> None:
    async with telegram_side(card_bot()) as side:
        await asked(side)
        said = await side.ann.tap(side.ann.chat.answers[0], "Edit")
        assert said.alert
        assert "decided already" in said.text


async def test_arguments_that_do_not_fit_come_as_a_file() -> None:
    long = ApprovalRequest("l0ng", (Action("send_mail", {"text": "🚀 word " * 2000}),), LATER)
    async with telegram_side(Bot(lambda _: (long,))) as side:
        side.ann.say("ask")
        await side.said(2)
        card, file = side.ann.chat.answers
        assert "the file has all of it" in card.text
        assert file.reply_to is card


async def test_suggestions_are_buttons_that_say_their_text() -> None:
    long = "/resume " + "x" * 80

    def suggesting(inbound: Inbound) -> Sequence[Reply]:
        return (Notice("I can help.", ("/help", "/new", long)),)

    async with telegram_side(Bot(suggesting)) as side:
        side.ann.press_start()
        await side.said()
        (notice,) = side.ann.chat.answers
        assert notice.labels == ["/help", "/new"]
        assert long in notice.text
        await side.ann.tap(notice, "/help")
        await side.said(2)
        assert side.bot.texts == ["/start", "/help"]
        ids = {message.message_id for message in side.bot.messages}
        assert len(ids) == 2


async def test_a_strangers_tap_changes_nothing() -> None:
    async with telegram_side(card_bot()) as side:
        bea = side.telegram.person("Bea")
        side.reception.strangers[str(bea.user_id)] = "I only talk to friends."
        group = side.telegram.supergroup("Family", side.ann, bea)
        side.ann.say("@threadline_bot ask", group)
        await side.telegram.until(lambda: group.answers)
        said = await bea.tap(group.answers[0], "Approve")
        assert (said.text, said.alert) == ("I only talk to friends.", True)
        assert side.bot.decisions == []


def test_an_admin_may_approve_for_the_session_and_two_decide_each_time_anew() -> None:
    def labels(decider: str) -> list[str]:
        rows = keyboard_of(replace(ONE, decider=decider)).inline_keyboard
        return [button.text for row in rows for button in row]

    assert "Approve for this session" in labels("requester")
    assert "Approve for this session" in labels("admins")
    assert "Approve for this session" not in labels("two")
