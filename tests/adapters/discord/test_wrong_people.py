"""Who may not decide, or not speak, changes nothing, and is told so alone."""

from datetime import UTC, datetime

import pytest

from adapters.contract import Action, ApprovalRequest, ApprovalSettled
from tests.adapters.discord.scene import Bot, serving
from tests.adapters.receiving import MemoryReception
from tests.emulators.discord.server import Discord
from tests.emulators.discord.world import Channel, Message, User

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TWO = ApprovalRequest(
    "q2m2xw4hq9tbnz", (Action("send", {"to": "bob"}), Action("ring", {"bell": "big"})), NOON
)
NOT_YOURS = "Only an admin may decide this."


def asking() -> Bot:
    bot = Bot()
    bot.says["two"] = (TWO,)
    return bot


def card_in(channel: Channel) -> Message:
    return next(message for message in channel.messages if message.buttons)


@pytest.mark.parametrize("button", ["Approve 1", "Reject 1", "Edit"])
async def test_a_stranger_picks_and_edits_nothing_on_the_card_of_another(
    discord: Discord, ann: User, general: Channel, button: str
) -> None:
    eve, reception = discord.user("eve"), MemoryReception(TWO)
    reception.outsiders.add(str(eve.id))
    async with serving(discord, bot=asking(), reception=reception) as scene:
        discord.say(general, ann, "two", mention=True)
        await scene.until(lambda: len(general.messages) == 2)
        card = card_in(general)
        shown = card.text, card.buttons
        tapped = discord.click(card, button, eve)
        await scene.until(lambda: tapped.private == [NOT_YOURS])
        assert tapped.modal is None
        assert (card.text, card.buttons) == shown
        tapped = discord.click(card, "Approve 1", ann)
        await scene.until(lambda: "Picked: 1 ✓ 2 ?" in card.text)


async def test_who_is_let_in_no_more_opens_no_form(
    discord: Discord, ann: User, chat: Channel
) -> None:
    reception = MemoryReception(TWO)
    async with serving(discord, bot=asking(), reception=reception) as scene:
        discord.say(chat, ann, "two")
        await scene.until(lambda: len(chat.messages) == 2)
        reception.strangers[str(ann.id)] = ""
        tapped = discord.click(card_in(chat), "Edit", ann)
        await scene.until(lambda: tapped.private == ["You may not decide here."])
        assert tapped.modal is None


async def test_a_stranger_who_commands_among_others_is_told_so_alone(
    discord: Discord, ann: User, general: Channel
) -> None:
    reception = MemoryReception()
    reception.strangers[str(ann.id)] = ""  # they were told before
    async with serving(discord, reception=reception) as scene:
        asked = discord.slash(general, ann, "ask", text="hello")
        await scene.until(lambda: asked.private)
        assert "let in" in asked.private[0]
        assert general.texts == []
        assert scene.bot.heard == []


async def test_a_tap_that_is_told_twice_is_one_tap(
    discord: Discord, ann: User, chat: Channel
) -> None:
    bot = asking()
    bot.decides = (ApprovalSettled(TWO.approval_id, "approved", "discord:1", NOON, "Approved"),)
    async with serving(discord, bot=bot, reception=MemoryReception(TWO)) as scene:
        discord.say(chat, ann, "two")
        await scene.until(lambda: len(chat.messages) == 2)
        card = card_in(chat)
        tapped = discord.click(card, "Approve all", ann)
        discord.tell_again(tapped)
        await scene.until(lambda: card.text == "Approved")
        discord.say(chat, ann, "and then")
        await scene.until(lambda: "You said: and then" in chat.texts)
        assert len(bot.decided) == 1
