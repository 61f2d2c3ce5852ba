"""Asked on Telegram, decided by an admin on Discord, answered on Telegram."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.emulators.discord.server import Discord, discord_server
from tests.emulators.discord.world import Channel, Message, User
from tests.emulators.telegram.people import Person
from tests.emulators.telegram.screen import Shown
from tests.emulators.telegram.server import TelegramServer, telegram_server
from tests.faults.actions import happened
from tests.faults.process import Process
from tests.stories.telegram_house import bot_on, cards, stopped


@dataclass
class Offices:
    """One bot on both platforms: Ann asks on Telegram, Ada decides in a channel on Discord."""

    telegram: TelegramServer
    discord: Discord
    bot: Process
    ann: Person
    ada: User
    office: Channel

    async def asked(self, text: str) -> tuple[Shown, Message]:
        """Let Ann ask for something; give its card in her chat, and that in the office."""
        self.ann.say(text)
        (here,) = await self.telegram.until(lambda: cards(self.ann.chat.answers), within=30)
        await self.discord.until(lambda: any(each.buttons for each in self.office.messages), 30)
        return here, next(each for each in self.office.messages if each.buttons)

    async def until_answered(self, text: str) -> None:
        """Wait until Ann is told exactly this."""
        await self.telegram.until(
            lambda: [each for each in self.ann.chat.answers if each.text == text] or None, within=30
        )

    async def until_both_say(self, how: str, ending: str, here: Shown, there: Message) -> None:
        """Wait until both cards say the same of how it was decided and how it ended."""
        await self.telegram.until(lambda: here.text.endswith(ending), within=30)
        await self.discord.until(lambda: there.text.endswith(ending), within=30)
        assert here.text == there.text
        assert here.text.startswith(how)
        assert here.labels == there.buttons == []


@asynccontextmanager
async def offices(home: Path) -> AsyncIterator[Offices]:
    """Open both platforms and start the bot: what `pay` does is for admins to decide."""
    async with telegram_server() as telegram, discord_server() as discord:
        ann, ada = telegram.person("Ann"), discord.user("Ada")
        office = discord.channel(discord.guild("Office", (ada,)), "approvals")
        bot = bot_on(
            telegram,
            home,
            DISCORD_BOT_TOKEN=discord.token,
            DISCORD_API_URL=discord.api_url,
            DISCORD_GATEWAY_URL=discord.gateway_url,
            APPROVERS="pay:admins",
            ADMINS=f"discord:{ada.id}",
            APPROVAL_CHAT=f"discord:{office.id}",
        )
        await bot.start()
        try:
            yield Offices(telegram, discord, bot, ann, ada, office)
        finally:
            await stopped(bot)


@pytest.mark.timeout(120)
async def test_an_admin_on_discord_decides_what_was_asked_on_telegram(tmp_path: Path) -> None:
    async with offices(tmp_path) as scene:
        here, there = await scene.asked("pay the rent")
        assert here.text == there.text.replace("*", "").replace("```\n", "").replace("\n```", "")
        refused = await scene.ann.tap(here, "Approve")
        assert refused.alert
        assert refused.text == "Only an admin may decide this. /cancel withdraws it."
        assert not await asyncio.to_thread(happened, tmp_path / "effects")

        scene.discord.click(there, "Approve", scene.ada)
        await scene.until_answered("paid the rent")
        ada = f"Ada (discord:{scene.ada.id})"
        await scene.until_both_say(f"Approved by {ada} at ", "pay: done.", here, there)
        assert scene.office.texts == [there.text]  # the answer is for the one who asked
        late = await scene.ann.tap(here, "Reject", old=True)
        assert late.text.startswith(f"This is decided already. Approved by {ada} at ")
        assert await asyncio.to_thread(happened, tmp_path / "effects") == {"the rent": 1}


@pytest.mark.timeout(120)
async def test_the_reason_for_which_an_admin_refuses_reaches_the_one_who_asked(
    tmp_path: Path,
) -> None:
    async with offices(tmp_path) as scene:
        here, there = await scene.asked("pay the rent")
        opened = scene.discord.click(there, "Reject", scene.ada)
        await scene.discord.until(lambda: opened.modal)
        assert opened.modal is not None
        scene.discord.submit(opened.modal, {"reason": "not this month"}, scene.ada)
        await scene.telegram.until(
            lambda: any("not this month" in each.text for each in scene.ann.chat.answers)
        )
        how = f"Rejected by Ada (discord:{scene.ada.id}) at "
        await scene.until_both_say(how, "Nothing was run.", here, there)
        assert not await asyncio.to_thread(happened, tmp_path / "effects")


@pytest.mark.timeout(120)
async def test_the_bot_is_killed_between_the_question_and_the_decision(tmp_path: Path) -> None:
    async with offices(tmp_path) as scene:
        _, there = await scene.asked("pay the rent")
        await scene.bot.end(signal.SIGKILL)
        await scene.bot.start()
        await scene.discord.connected()
        scene.discord.click(there, "Approve", scene.ada)
        await scene.until_answered("paid the rent")
        # A card that was not known to be shown stands there twice; that which was tapped, and
        # those that are known, say how it ended.
        how = f"Approved by Ada (discord:{scene.ada.id}) at "
        ends = "pay: done."
        await scene.discord.until(lambda: there.text.endswith(ends), within=30)
        await scene.discord.until(lambda: not any(each.buttons for each in scene.office.messages))
        told = await scene.telegram.until(
            lambda: [each for each in scene.ann.chat.answers if each.text.endswith(ends)]
        )
        assert all(text.startswith(how) for text in (there.text, *(each.text for each in told)))
        assert await asyncio.to_thread(happened, tmp_path / "effects") == {"the rent": 1}


@pytest.mark.timeout(120)
async def test_what_is_withdrawn_on_telegram_is_withdrawn_on_discord(tmp_path: Path) -> None:
    async with offices(tmp_path) as scene:
        scene.ann.say("/settings zone Asia/Kolkata")
        await scene.telegram.until(lambda: scene.ann.chat.answers)
        here, there = await scene.asked("pay the rent")
        assert here.text.endswith(" IST.")
        scene.ann.say("/cancel")
        how = f"Withdrawn by Ann (telegram:{scene.ann.user_id}) at "
        await scene.until_both_say(how, "Nothing was run.", here, there)
        assert " IST: pay(" in there.text
