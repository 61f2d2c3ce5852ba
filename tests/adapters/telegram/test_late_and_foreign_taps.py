"""Who may not decide, or comes too late, is told so, and changes nothing."""

from tests.adapters.telegram.asking import DONE, ONE, TWO, asked, card_bot, reception
from tests.adapters.telegram.side import telegram_side


async def test_who_may_not_decide_can_neither_pick_nor_ask_for_a_form() -> None:
    async with telegram_side(card_bot(), reception=reception()) as side:
        bea = side.telegram.person("Bea")
        side.reception.outsiders.add(str(bea.user_id))
        group = side.telegram.supergroup("Family", side.ann, bea)
        for text, label in (("ask", "Edit"), ("ask two", "Approve 1")):
            before = len(group.answers)
            side.ann.say(f"@threadline_bot {text}", group)
            await side.telegram.until(lambda at=before: len(group.answers) > at)  # type: ignore[misc] # of this round
            card = group.answers[-1]
            said = await bea.tap(card, label)
            assert (said.text, said.alert) == ("Only an admin may decide this.", True)
            assert card.edits == []
        await side.ann.tap(card, "Reject 2")
        await side.telegram.until(lambda: "❌ Reject 2" in card.labels)
        assert "Approve 1" in card.labels
        assert len(group.answers) == 2


async def test_picking_on_a_card_that_is_decided_brings_no_button_back() -> None:
    async with telegram_side(card_bot(), reception=reception()) as side:
        await asked(side, "two")
        (card,) = side.ann.chat.answers
        side.reception.settled[TWO.approval_id] = DONE
        said = await side.ann.tap(card, "Reject 1")
        assert said.text == f"This is decided already. {DONE.text}."
        await side.telegram.until(lambda: card.text == DONE.text)
        assert card.labels == []


async def test_a_card_that_is_decided_while_somebody_picks_has_no_buttons_in_the_end() -> None:
    async with telegram_side(card_bot(), reception=reception()) as side:
        await asked(side, "two")
        (card,) = side.ann.chat.answers
        side.telegram.faults.delay("editMessageReplyMarkup", 0.3)
        await side.ann.tap(card, "Reject 1")
        side.reception.settled[TWO.approval_id] = DONE
        await side.telegram.until(lambda: card.text == DONE.text)
        assert card.labels == []


async def test_new_arguments_for_what_is_decided_or_not_theirs_are_no_question_again() -> None:
    async with telegram_side(card_bot(), reception=reception()) as side:
        bea = side.telegram.person("Bea")
        side.reception.outsiders.add(str(bea.user_id))
        group = side.telegram.supergroup("Family", side.ann, bea)
        side.ann.say("@threadline_bot ask", group)
        await side.telegram.until(lambda: group.answers)
        await side.ann.tap(group.answers[0], "Edit")
        await side.telegram.until(lambda: len(group.answers) == 2)
        question = group.answers[1]
        bea.say("whatever", group, reply_to=question)
        await side.telegram.until(lambda: len(group.answers) == 3)
        assert group.answers[-1].text == "Only an admin may decide this."
        side.reception.settled[ONE.approval_id] = DONE
        side.ann.say("never mind", group, reply_to=question)
        await side.telegram.until(lambda: len(group.answers) == 4)
        assert group.answers[-1].text == f"This is decided already. {DONE.text}."
        assert side.bot.decisions == []


async def test_a_command_that_replies_to_the_question_is_a_command() -> None:
    async with telegram_side(card_bot(), reception=reception()) as side:
        await asked(side)
        await side.ann.tap(side.ann.chat.answers[0], "Edit")
        await side.said(2)
        side.ann.say("/cancel", reply_to=side.ann.chat.answers[-1])
        await side.bot.until_done(2)
        assert side.bot.texts == ["ask", "/cancel"]


async def test_arguments_that_are_nested_too_deep_are_asked_for_again() -> None:
    async with telegram_side(card_bot(), reception=reception()) as side:
        await asked(side)
        await side.ann.tap(side.ann.chat.answers[0], "Edit")
        await side.said(2)
        side.ann.say('{"to": ' + "[" * 4000, reply_to=side.ann.chat.answers[-1])
        said = await side.said(3)
        assert said[-1].startswith("This is nested too deep.\nNew arguments for send_mail?")
        assert side.reception.put_aside == []
