"""One bot on Telegram and on Discord at once."""

from pathlib import Path

import httpx
import pytest

from tests.emulators.discord.server import discord_server
from tests.emulators.telegram.server import telegram_server
from tests.stories.telegram_house import served


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
