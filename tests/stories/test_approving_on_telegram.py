"""Somebody asks on Telegram, decides there, and is answered there, whatever becomes of the bot."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.emulators.telegram.server import telegram_server
from tests.faults.actions import happened
from tests.stories.telegram_house import bot_on, cards, served, stopped


async def test_asked_approved_and_answered(tmp_path: Path) -> None:
    async with telegram_server() as telegram, served(telegram, tmp_path):
        ann = telegram.person("Ann")
        ann.press_start()
        hello = (await telegram.until(lambda: ann.chat.answers))[0]
        assert "/help" in hello.labels
        ann.say("pay the rent")
        (card,) = await telegram.until(lambda: cards(ann.chat.answers))
        assert "what: the rent" in card.text
        assert not await asyncio.to_thread(happened, tmp_path / "effects")
        said = await ann.tap(card, "Approve")
        assert said.text.startswith(f"Approved by Ann (telegram:{ann.user_id}) at ")
        await telegram.until(lambda: [a for a in ann.chat.answers if a.text == "paid the rent"])
        assert card.labels == []
        assert "Approved by" in card.text
        assert await asyncio.to_thread(happened, tmp_path / "effects") == {"the rent": 1}


async def test_the_bot_is_killed_between_the_card_and_the_tap(tmp_path: Path) -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        bot = bot_on(telegram, tmp_path)
        await bot.start()
        ann.say("pay the rent")
        (card,) = await telegram.until(lambda: cards(ann.chat.answers))
        await bot.end(signal.SIGKILL)

        tap = ann.press(card, "Approve")
        again = ann.press(card, "Approve")
        await bot.start()
        try:
            await tap.answered(40)
            await telegram.until(
                lambda: [a for a in ann.chat.answers if a.text == "paid the rent"], within=40
            )
            assert "decided already" in (await again.answered()).text
        finally:
            await stopped(bot)
        # One that was not known to be shown stands there twice; both say how it ended.
        assert [a.text for a in ann.chat.answers].count("paid the rent") == 1
        assert cards(ann.chat.answers) == []
        assert "Approved by" in card.text
        assert await asyncio.to_thread(happened, tmp_path / "effects") == {"the rent": 1}


async def test_new_arguments_are_given_to_a_bot_that_was_killed_meanwhile(tmp_path: Path) -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        bot = bot_on(telegram, tmp_path)
        await bot.start()
        ann.say("pay the rent")
        (card,) = await telegram.until(lambda: cards(ann.chat.answers))
        await ann.tap(card, "Edit")
        await telegram.until(lambda: len(ann.chat.answers) == 2)
        question = ann.chat.answers[1]
        await bot.end(signal.SIGKILL)

        await bot.start()
        try:
            ann.say("what: half of the rent", reply_to=question)
            await telegram.until(
                lambda: [a for a in ann.chat.answers if a.text.endswith("paid half of the rent")],
                within=30,
            )
        finally:
            await stopped(bot)
        assert any(a.text.startswith("Edited by") for a in ann.chat.answers)
        assert await asyncio.to_thread(happened, tmp_path / "effects") == {"half of the rent": 1}


async def test_in_a_group_an_admin_decides_what_admins_must(tmp_path: Path) -> None:
    async with telegram_server() as telegram:
        ann, boss = telegram.person("Ann"), telegram.person("Boss")
        group = telegram.supergroup("Office", boss, ann)
        admins = {"APPROVERS": "pay:admins", "ADMINS": f"telegram:{boss.user_id}"}
        async with served(telegram, tmp_path, **admins):
            ann.say("@threadline_bot pay the rent", group)
            (card,) = await telegram.until(lambda: cards(group.answers))
            for label in ("Approve", "Edit"):
                refused = await ann.tap(card, label)
                assert refused.alert
                assert "Only an admin may decide this" in refused.text
            assert len(group.answers) == 1
            assert "Approve" in card.labels
            await boss.tap(card, "Approve")
            await telegram.until(lambda: [a for a in group.answers if a.text == "paid the rent"])
            assert f"telegram:{boss.user_id}" in card.text


async def test_a_card_of_a_group_that_became_a_supergroup_is_answered_once(tmp_path: Path) -> None:
    async with telegram_server() as telegram:
        ann, bea = telegram.person("Ann"), telegram.person("Bea")
        group = telegram.group("Office", ann, bea)
        async with served(telegram, tmp_path):
            ann.say("@threadline_bot pay the rent", group)
            (card,) = await telegram.until(lambda: cards(group.answers))
            bea.say("@threadline_bot good morning", group)
            await telegram.until(lambda: len(group.answers) == 2)
            office = group.become_supergroup(by=ann)
            said = await ann.tap(card, "Approve")
            assert said.text.startswith("Approved by")
            ann.say("@threadline_bot hello", office)
            await telegram.until(lambda: "Heard: hello." in [a.text for a in office.answers])
            texts = [answer.text for answer in office.answers]
            assert texts.count("paid the rent") == 1
            assert len(texts) == len(set(texts))
        assert await asyncio.to_thread(happened, tmp_path / "effects") == {"the rent": 1}


async def test_admins_are_asked_in_their_own_chat(tmp_path: Path) -> None:
    async with telegram_server() as telegram:
        ann, boss = telegram.person("Ann"), telegram.person("Boss")
        office = telegram.supergroup("Office", boss)
        settings = {
            "APPROVERS": "pay:admins",
            "ADMINS": f"telegram:{boss.user_id}",
            "APPROVAL_CHAT": f"telegram:{office.chat_id}",
        }
        async with served(telegram, tmp_path, **settings):
            ann.say("pay the rent")
            (card,) = await telegram.until(lambda: cards(office.answers))
            await boss.tap(card, "Approve")
            await telegram.until(lambda: [a for a in ann.chat.answers if a.text == "paid the rent"])
            await telegram.until(lambda: not card.labels)


async def test_a_wrong_token_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    async with telegram_server() as telegram:
        wrong = "7204885113:AAwrong-wrong-wrong-wrong-wrong-wro"
        bot = bot_on(telegram, tmp_path, TELEGRAM_BOT_TOKEN=wrong)
        with pytest.raises(AssertionError) as ended:
            await bot.start()
        assert "Telegram does not accept TELEGRAM_BOT_TOKEN" in str(ended.value)
        assert wrong not in str(ended.value)
        assert bot.running is not None
        assert await bot.running.ended() != 0
