"""One bot on Telegram and on Discord at once."""

from pathlib import Path

import httpx
import pytest

from tests.emulators.discord.server import discord_server
from tests.emulators.discord.world import Message
from tests.emulators.telegram.server import telegram_server
from tests.stories.telegram_house import cards, served


@pytest.mark.timeout(120)
async def test_asked_on_telegram_decided_by_an_admin_on_discord_and_answered_on_telegram(
    tmp_path: Path,
) -> None:
    async with telegram_server() as telegram, discord_server() as discord:
        ann, ada = telegram.person("Ann"), discord.user("ada")
        office = discord.channel(discord.guild("Office", (ada,)), "approvals")
        settings = {
            "DISCORD_BOT_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "APPROVERS": "pay:admins",
            "ADMINS": f"discord:{ada.id}",
            "APPROVAL_CHAT": f"discord:{office.id}",
        }
        async with served(telegram, tmp_path, **settings):
            ann.say("pay the rent")
            (here,) = await telegram.until(lambda: cards(ann.chat.answers), within=30)

            def there() -> list[Message]:
                return [message for message in office.messages if message.buttons]

            await discord.until(there, within=30)
            card = there()[0]
            assert "what: the rent" in card.text
            discord.click(card, "Approve", ada)
            await telegram.until(
                lambda: [a for a in ann.chat.answers if a.text == "paid the rent"], within=30
            )
            await discord.until(lambda: card.text.startswith(f"Approved by {ada.mention}"))
            await telegram.until(lambda: "Approved by discord:" in here.text)
            assert here.labels == []
            assert card.buttons == []
            assert "paid the rent" not in office.texts


@pytest.mark.timeout(120)
async def test_a_wrong_token_of_discord_keeps_nobody_on_telegram_from_being_served(
    tmp_path: Path,
) -> None:
    async with telegram_server() as telegram, discord_server() as discord:
        settings = {
            "DISCORD_BOT_TOKEN": "MTIz.not-this.one",
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
        }
        async with served(telegram, tmp_path, **settings) as bot:
            ann = telegram.person("Ann")
            ann.say("hello")
            await telegram.until(lambda: ann.chat.answers, within=30)
            async with httpx.AsyncClient(base_url=bot.url) as client:
                ready = (await client.get("/ready")).text
            assert "Reset Token" in ready
            assert any("Reset Token" in line for line in bot.said)
            assert "not-this" not in ready + "".join(bot.said)
