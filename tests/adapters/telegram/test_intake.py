"""An update is confirmed to Telegram when it is durable, and not before."""

import asyncio
from typing import Any

from adapters.contract import Address
from tests.adapters.receiving import MemoryReception
from tests.adapters.telegram.side import Bot, Inbound, serving, telegram_side
from tests.emulators.telegram.server import telegram_server


class Full(MemoryReception):
    """A reception whose disk is full for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.full = True

    async def set_aside(self, update_id: str, content: str, reason: str) -> None:
        if self.full:
            raise OSError("no space left")
        await super().set_aside(update_id, content, reason)


class Slow(Bot):
    """A bot that takes a moment to store what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.may_store = asyncio.Event()

    def __call__(self, inbound: Inbound) -> Any:
        return _Slowly(self, inbound)


class _Slowly:
    def __init__(self, bot: Slow, inbound: Inbound) -> None:
        self._bot = bot
        self._taking = super(Slow, bot).__call__(inbound)

    async def __aenter__(self) -> Any:
        await self._bot.may_store.wait()
        return await self._taking.__aenter__()

    async def __aexit__(self, *error: object) -> Any:
        return await self._taking.__aexit__(*error)  # type: ignore[arg-type] # as it came


async def test_nothing_is_confirmed_before_it_is_stored() -> None:
    bot = Slow()
    async with telegram_side(bot) as side:
        side.ann.say("hello")
        await asyncio.sleep(0.5)
        assert side.telegram.updates.confirmed == []
        bot.may_store.set()
        await side.said()
        await side.telegram.until(lambda: side.telegram.updates.confirmed)
        assert bot.texts == ["hello"]


async def test_one_chat_that_is_slow_does_not_hold_up_the_others() -> None:
    bot = Slow()
    async with telegram_side(bot) as side:
        bea = side.telegram.person("Bea")
        side.ann.say("hello")
        await asyncio.sleep(0.1)
        bea.send_voice()
        await side.said(to=bea)
        bot.may_store.set()
        await side.said()


async def test_what_came_while_the_bot_was_down_is_answered_in_its_order() -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        for number in range(5):
            ann.say(f"message {number}")
        async with serving(telegram) as (_, bot, _):
            await telegram.until(lambda: len(ann.chat.answers) == 5)
            assert bot.texts == [f"message {number}" for number in range(5)]
        assert not any(
            "drop_pending_updates" in call.params for call in telegram.calls_of("deleteWebhook")
        )


async def test_the_same_update_once_more_does_not_stop_the_line() -> None:
    async with telegram_side() as side:
        side.ann.say("hello")
        await side.said()
        await side.telegram.until(lambda: side.telegram.updates.confirmed)
        side.telegram.deliver_again()
        await side.bot.until_done(2)
        first, second = side.bot.messages
        assert first.message_id == second.message_id, "the bot tells them by their id"
        side.ann.say("and more")
        await side.bot.until_done(3)


async def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on() -> None:
    async with telegram_side() as side:
        side.telegram.push("message", {"message_id": "?", "chat": 7}, 0, whatever=True)
        side.ann.say("hello")
        await side.said()
        ((_, content, reason),) = side.reception.put_aside
        assert '"chat": 7' in content
        assert reason


async def test_what_cannot_be_handled_is_set_aside_and_the_rest_goes_on() -> None:
    bot = Bot(refuses=lambda inbound: ValueError("odd") if "odd" in _text(inbound) else None)
    async with telegram_side(bot) as side:
        side.ann.say("odd")
        side.ann.say("hello")
        await side.said()
        ((_, content, reason),) = side.reception.put_aside
        assert '"odd"' in content
        assert reason == "ValueError: odd"


async def test_what_cannot_even_be_set_aside_is_handed_out_again() -> None:
    reception = Full()
    refusing = [True]
    bot = Bot(refuses=lambda _: OSError("no space left") if refusing else None)
    async with telegram_side(bot, reception=reception) as side:
        side.ann.say("hello")
        await side.telegram.until(lambda: len(side.telegram.calls_of("getUpdates")) > 3)
        assert side.telegram.updates.confirmed == []
        refusing.clear()
        assert await side.said() == ["Heard: hello"]


async def test_strangers_are_told_once_and_not_heard() -> None:
    async with telegram_side() as side:
        bea = side.telegram.person("Bea")
        side.reception.strangers[str(bea.user_id)] = "I only talk to friends."
        bea.say("hello")
        await side.said(to=bea)
        bea.say("hello?")
        side.ann.say("hello")
        await side.said()
        assert [message.text for message in bea.chat.answers] == ["I only talk to friends."]
        assert [message.sender for message in side.bot.messages] == [
            Address("telegram", str(side.ann.user_id), str(side.ann.user_id))
        ]


async def test_messages_of_bots_are_not_heard() -> None:
    async with telegram_side() as side:
        side.telegram.group_privacy = False
        group = side.telegram.supergroup("Family", side.ann)
        robot = side.ann.json() | {"id": 77, "is_bot": True}
        said = group.add(robot, {"text": "@threadline_bot hello"})
        side.telegram.push("message", said.json(), group.chat_id)
        side.ann.say("hello")
        await side.said()
        assert side.bot.texts == ["hello"]


async def test_a_ban_of_the_poll_or_a_bad_gateway_is_survived() -> None:
    async with telegram_side() as side:
        side.telegram.faults.too_many("getUpdates", 1)
        side.telegram.faults.break_down("getUpdates", 502)
        side.telegram.faults.drop("getUpdates")
        for number in range(3):
            side.ann.say(f"message {number}")
            await side.said(number + 1)


def _text(inbound: Inbound) -> str:
    return getattr(inbound, "text", "")
