"""Discord takes something and its answer is lost, or it wants to be left alone: all stays whole."""

import asyncio

import pytest

from adapters.contract import Accepted, Address, Answer, Reply, TextDelta
from adapters.platform import DeliveryFailed
from tests.adapters.discord.scene import Bot, Written, serving
from tests.adapters.receiving import MemoryReception
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, User


def address(user: User) -> Address:
    return Address("discord", str(user.id), str(user.id))


class Thinking(Written):
    """Replies of which each is a while in coming, as from a model."""

    async def __anext__(self) -> Reply:
        await asyncio.sleep(0.2)
        return await super().__anext__()


async def test_a_preview_whose_answer_was_lost_becomes_the_answer(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        discord.traffic.lose_answers("POST", f"/channels/{chat.id}/messages")
        said: list[Reply] = [
            Accepted("m", "s", "t"),
            TextDelta("Once upon"),
            Answer("a", "Once upon a time."),
        ]
        shown = Thinking(said)
        await scene.adapter.deliver(address(ann), shown)
        assert len(discord.traffic.asked("POST", "/messages")) == 2
        assert chat.texts == ["Once upon a time."]
        assert shown.parts == [str(chat.messages[0].id)]


async def test_a_part_whose_answer_was_lost_is_whole_though_it_is_cut_elsewhere_the_second_time(
    discord: Discord, ann: User, chat: Channel
) -> None:
    lines = [f"line {number} of a long list" for number in range(300)]
    text = "\n".join(lines)
    async with serving(discord) as scene:
        first = Written([Answer("a", text)])
        discord.traffic.lose_answers("POST", "/messages")
        with pytest.raises(DeliveryFailed):
            await scene.adapter.deliver(address(ann), first)
        rest = Written([Answer("a", text, parts=tuple(first.parts), again=True)])
        await scene.adapter.deliver(address(ann), rest)
        shown = [line for each in chat.texts for line in each.splitlines()]
        assert [line for line in shown if line != "(This may come twice.)"] == lines


async def test_who_is_banned_for_a_while_waits_as_long_as_it_is_told(
    discord: Discord, ann: User, chat: Channel
) -> None:
    async with serving(discord) as scene:
        discord.traffic.too_many(600.0, "POST", f"/channels/{chat.id}/messages", banned=True)
        with pytest.raises(DeliveryFailed) as failed:
            await scene.adapter.deliver(address(ann), Written([Answer("a", "Hello")]))
        assert failed.value.retry_after == pytest.approx(600.0)
        assert len(discord.traffic.asked("POST", "/messages")) == 1


class Forgetful(MemoryReception):
    """Cannot keep the next mark."""

    def __init__(self) -> None:
        super().__init__()
        self.full_disk = True

    async def mark(self, chat_id: str, message_id: str) -> None:
        if self.full_disk:
            self.full_disk = False
            raise OSError(28, "No space left on device")
        await super().mark(chat_id, message_id)


async def test_a_message_is_not_lost_behind_a_mark_that_could_not_be_kept(
    discord: Discord, ann: User, general: Channel
) -> None:
    bot, reception = Bot(), Forgetful()
    reception.chats[str(general.id)] = str(discord.say(general, ann, "zero").id)
    discord.say(general, ann, "not for the bot")
    held = discord.traffic.hold("GET", f"/channels/{general.id}/messages")
    async with serving(discord, bot=bot, reception=reception) as scene:
        await held.reached.wait()
        discord.say(general, ann, "one", mention=True)
        held.let_go()
        await scene.until(lambda: bot.texts == ["one"])
        assert not reception.full_disk
