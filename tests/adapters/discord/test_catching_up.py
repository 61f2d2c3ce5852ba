"""What was written while nobody listened is found, and answered once and in order."""

from datetime import timedelta

import pytest

from adapters.contract import Address, Answer
from tests.adapters.discord.scene import Bot, Written, serving
from tests.adapters.receiving import MemoryReception
from tests.emulators.discord.permissions import Permission
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, User


async def test_messages_from_while_the_bot_was_down_are_answered_once_and_in_order(
    discord: Discord, ann: User, chat: Channel, general: Channel
) -> None:
    bot, reception = Bot(), MemoryReception()
    async with serving(discord, bot=bot, reception=reception) as scene:
        discord.say(chat, ann, "one")
        discord.say(general, ann, "one", mention=True)
        await scene.until(lambda: len(bot.heard) == 2)
        await scene.at_rest()
    for text in ("two", "three"):
        discord.say(chat, ann, text)
        discord.say(general, ann, text, mention=True)
    discord.say(general, ann, "not for the bot")
    async with serving(discord, bot=bot, reception=reception) as scene:
        discord.say(chat, ann, "four")
        await scene.until(lambda: len(bot.heard) == 7)
        await scene.at_rest()
        here = [heard.text for heard in bot.heard if heard.sender.direct]
        there = [heard.text for heard in bot.heard if not heard.sender.direct]
        assert here == ["one", "two", "three", "four"]
        assert there == ["one", "two", "three"]
        assert sorted(text for text in chat.texts if text.startswith("You")) == sorted(
            f"You said: {text}" for text in here
        )


async def test_a_message_waits_behind_what_was_missed_before_it(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot, reception = Bot(), MemoryReception()
    first = discord.say(chat, ann, "zero")
    reception.chats[str(chat.id)] = str(first.id)
    discord.say(chat, ann, "one")
    held = discord.traffic.hold("GET", f"/channels/{chat.id}")
    async with serving(discord, bot=bot, reception=reception) as scene:
        await held.reached.wait()
        discord.say(chat, ann, "two")
        other = discord.user("bob")
        discord.say(discord.direct(other), other, "hello")
        await scene.until(lambda: bot.texts == ["hello"])
        held.let_go()
        await scene.until(lambda: bot.texts == ["hello", "one", "two"])


async def test_the_mark_does_not_pass_what_is_not_stored(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot, reception = Bot(), MemoryReception()
    async with serving(discord, bot=bot, reception=reception) as scene:
        stored = discord.say(chat, ann, "one")
        await scene.until(lambda: bot.texts == ["one"])
        await scene.at_rest()
        bot.full_disk = True
        discord.say(chat, ann, "two")
        discord.say(chat, ann, "three")
        await scene.until(lambda: discord.traffic.asked("GET", f"/channels/{chat.id}/messages"))
        assert reception.chats[str(chat.id)] == str(stored.id)
        bot.full_disk = False
        discord.say(chat, ann, "four")
        await scene.until(lambda: bot.texts == ["one", "two", "three", "four"])


async def test_what_is_older_than_the_hours_to_catch_up_is_left(
    discord: Discord, ann: User, chat: Channel
) -> None:
    reception = MemoryReception()
    reception.chats[str(chat.id)] = str(discord.say(chat, ann, "zero").id)
    discord.say(chat, ann, "old")
    discord.clock.advance(3 * 3600)
    discord.say(chat, ann, "new")
    catch_up = timedelta(hours=2)
    async with serving(discord, reception=reception, catch_up=catch_up) as scene:
        await scene.until(lambda: "You said: new" in chat.texts)
        assert scene.bot.texts == ["new"]


async def test_a_short_interruption_is_resumed_and_nothing_comes_twice(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        discord.say(chat, ann, "one")
        await scene.until(lambda: scene.bot.texts == ["one"])
        discord.gateway.reconnect()
        await scene.until(lambda: not discord.gateway.connected)
        discord.say(chat, ann, "two")
        await scene.until(lambda: "You said: two" in chat.texts)
        await scene.at_rest()
        assert scene.bot.texts == ["one", "two"]
        assert scene.adapter.problem == ""
        assert not discord.traffic.asked("GET", "/messages")


async def test_a_connection_that_cannot_be_resumed_is_made_anew_and_the_history_is_read(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        discord.say(chat, ann, "one")
        await scene.until(lambda: "You said: one" in chat.texts)
        async with discord.gateway.gone(forgetting=True):
            await scene.until(lambda: scene.adapter.problem)
            discord.say(chat, ann, "two")
        await scene.until(lambda: "You said: two" in chat.texts)
        await scene.at_rest()
        assert scene.bot.texts == ["one", "two"]
        assert scene.adapter.problem == ""


async def test_a_channel_that_may_not_be_read_does_not_keep_the_others(
    discord: Discord, ann: User, chat: Channel, general: Channel
) -> None:
    reception = MemoryReception()
    for channel in (chat, general):
        reception.chats[str(channel.id)] = str(discord.say(channel, ann, "zero").id)
        discord.say(channel, ann, "hello", mention=True)
    discord.forbid(general, Permission.READ_MESSAGE_HISTORY)
    async with serving(discord, reception=reception) as scene:
        await scene.until(lambda: len(chat.texts) == 3)
        discord.say(general, ann, "and now", mention=True)
        await scene.until(lambda: "You said: and now" in general.texts)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_channel_that_cannot_be_read_yet_is_read_later(
    discord: Discord, ann: User, chat: Channel, status: int
) -> None:
    reception = MemoryReception()
    reception.chats[str(chat.id)] = str(discord.say(chat, ann, "zero").id)
    discord.say(chat, ann, "hello")
    discord.traffic.fail(status, "GET", f"/channels/{chat.id}", times=1)
    async with serving(discord, reception=reception) as scene:
        await scene.until(lambda: "You said: hello" in chat.texts)


async def test_an_idle_channel_costs_no_history(
    discord: Discord, ann: User, chat: Channel, general: Channel
) -> None:
    reception = MemoryReception()
    for channel in (chat, general):
        reception.chats[str(channel.id)] = str(discord.say(channel, ann, "zero").id)
    async with serving(discord, reception=reception) as scene:
        await scene.until(lambda: not scene.adapter._service.channels._behind)  # type: ignore[union-attr]
        assert not discord.traffic.asked("GET", "/messages")


async def test_who_answers_something_that_the_bot_began_is_found_too(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot, reception = Bot(), MemoryReception()
    async with serving(discord, bot=bot, reception=reception) as scene:
        to = Address("discord", str(ann.id), str(ann.id))
        await scene.adapter.deliver(to, Written([Answer("a", "Do not forget the bins.")]))
    discord.say(chat, ann, "thanks")
    async with serving(discord, bot=bot, reception=reception) as scene:
        await scene.until(lambda: "You said: thanks" in chat.texts)


async def test_a_thread_that_was_opened_for_a_conversation_is_read_too(
    discord: Discord, ann: User, general: Channel
) -> None:
    bot, reception = Bot(), MemoryReception()
    async with serving(discord, bot=bot, reception=reception, threads=True) as scene:
        asked = discord.say(general, ann, "plan my week", mention=True)
        await scene.until(lambda: asked.thread and "You said: plan my week" in asked.thread.texts)
        await scene.at_rest()
    thread = asked.thread
    assert thread is not None
    discord.say(thread, ann, "and the next one")
    async with serving(discord, bot=bot, reception=reception, threads=True) as scene:
        await scene.until(lambda: "You said: and the next one" in thread.texts)
        assert bot.texts == ["plan my week", "and the next one"]


async def test_what_a_stranger_said_is_not_answered_when_they_are_let_in_later(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot, reception = Bot(), MemoryReception()
    reception.strangers[str(ann.id)] = "I do not know you."
    async with serving(discord, bot=bot, reception=reception) as scene:
        discord.say(chat, ann, "let me in")
        await scene.until(lambda: len(chat.texts) == 2)
        last = discord.say(chat, ann, "please")
        await scene.until(lambda: reception.chats.get(str(chat.id)) == str(last.id))
    reception.strangers.clear()
    async with serving(discord, bot=bot, reception=reception) as scene:
        discord.say(chat, ann, "hello")
        await scene.until(lambda: "You said: hello" in chat.texts)
        assert bot.texts == ["hello"]
