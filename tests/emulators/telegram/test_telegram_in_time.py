"""What the stand-in does by the clock: bans, flood limits, old updates, old taps, old messages."""

import asyncio
from datetime import timedelta

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, RetryAfter

from tests.emulators.telegram.server import telegram_server


class Clock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_a_tap_can_be_answered_for_a_minute_and_a_message_deleted_for_two_days() -> None:
    clock = Clock()
    async with telegram_server(clock) as telegram:
        ann = telegram.person("Ann")
        ann.press_start()
        async with Bot(telegram.token, telegram.base_url) as bot:
            card = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
            sent = await bot.send_message(ann.user_id, "?", reply_markup=card)
            tap = ann.press(ann.chat.answers[0], "Yes")
            clock.now += 61
            with pytest.raises(BadRequest, match=r"(?i)query is too old"):
                await bot.answer_callback_query(tap.query_id)
            clock.now += 48 * 3600
            with pytest.raises(BadRequest, match=r"(?i)message can't be deleted"):
                await sent.delete()
            await bot.send_message_draft(ann.user_id, 1, "Hm")
            assert ann.chat.draft
            clock.now += 31
            assert not ann.chat.draft


async def test_somebody_who_waits_in_vain_is_told_what_the_bot_did() -> None:
    async with telegram_server() as telegram, Bot(telegram.token, telegram.base_url):
        with pytest.raises(TimeoutError, match="getMe: ok"):
            await telegram.until(asyncio.Event().is_set, within=0.01)


async def test_a_ban_grows_when_the_bot_keeps_sending() -> None:
    clock = Clock()
    async with telegram_server(clock) as telegram:
        ann = telegram.person("Ann")
        ann.press_start()
        async with Bot(telegram.token, base_url=telegram.base_url) as bot:
            telegram.flood.ban(60)
            for seconds in (60, 65):
                with pytest.raises(RetryAfter) as refusal:
                    await bot.send_message(ann.user_id, "Now?")
                assert refusal.value.retry_after == timedelta(seconds=seconds)
            with pytest.raises(RetryAfter):
                await bot.send_chat_action(ann.user_id, "typing")
            assert telegram.flood.ends_in() == 75
            assert len(await bot.get_updates()) == 1
            clock.now += 75
            assert await bot.send_message(ann.user_id, "Now")


async def test_flood_limits_are_a_burst_and_20_a_minute_in_groups() -> None:
    clock = Clock()
    async with telegram_server(clock, flood_limits=True) as telegram:
        ann = telegram.person("Ann")
        ann.press_start()
        group = telegram.group("Home", ann)
        async with Bot(telegram.token, base_url=telegram.base_url) as bot:
            for _ in range(5):
                await bot.send_message(ann.user_id, "quick")
            with pytest.raises(RetryAfter):
                await bot.send_message(ann.user_id, "too quick")
            for _ in range(20):
                clock.now += 1
                await bot.send_message(group.chat_id, "slow")
            clock.now += 1
            with pytest.raises(RetryAfter, match="0:00:40"):
                await bot.send_message(group.chat_id, "too many")


async def test_what_waited_for_a_day_is_gone() -> None:
    clock = Clock()
    async with telegram_server(clock) as telegram:
        ann = telegram.person("Ann")
        ann.press_start()
        clock.now += 23 * 3600
        ann.say("Anyone?")
        clock.now += 2 * 3600
        async with Bot(telegram.token, base_url=telegram.base_url) as bot:
            [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.text == "Anyone?"
