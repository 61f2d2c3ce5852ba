"""Telegram posts to the bot's own server: that needs no key, and nobody else is believed."""

import asyncio
from pathlib import Path

import httpx

from tests.emulators.telegram.screen import Shown
from tests.emulators.telegram.server import TelegramServer, telegram_server
from tests.faults.actions import happened
from tests.stories.telegram_house import bot_on, cards, stopped


async def test_asked_and_approved_by_webhook_and_then_by_polling(tmp_path: Path) -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        bot = bot_on(telegram, tmp_path, API_KEYS="ops:admin:a-long-secret-of-ops")
        url = f"{bot.url}/telegram/webhook"
        bot.settings = {**bot.settings, "TELEGRAM_WEBHOOK_URL": bot.url}
        await bot.start()
        try:
            assert posted_to(telegram) == url
            ann.say("pay the rent and pay the milk")
            (card,) = await telegram.until(lambda: cards_of_several(ann.chat.answers))
            await ann.tap(card, "Approve 1")
            await telegram.until(lambda: "✅ Approve 1" in card.labels)
            await ann.tap(card, "Reject 2")
            await telegram.until(lambda: "Decide as picked" in card.labels)
            await ann.tap(card, "Decide as picked")
            await telegram.until(lambda: any("paid the rent" in a.text for a in ann.chat.answers))
            assert card.labels == []
            async with httpx.AsyncClient() as client:
                stranger = await client.post(url, json={"update_id": 1})
                assert stranger.status_code == 403
                assert (await client.get(f"{bot.url}/api/approvals")).status_code == 401
        finally:
            await stopped(bot)
        assert await asyncio.to_thread(happened, tmp_path / "effects") == {"the rent": 1}

        ann.say("pay the baker")
        bot.settings = {**bot.settings, "TELEGRAM_WEBHOOK_URL": ""}
        await bot.start()
        try:
            (card,) = await telegram.until(lambda: cards(ann.chat.answers), within=40)
            assert posted_to(telegram) == ""
            assert "the baker" in card.text
        finally:
            await stopped(bot)


def posted_to(telegram: TelegramServer) -> str:
    """Give the address to which updates are posted."""
    webhook = telegram.line.webhook
    return "" if webhook is None else webhook.url


def cards_of_several(messages: list[Shown]) -> list[Shown]:
    """Give the messages whose actions are decided one by one."""
    return [message for message in messages if "Approve all" in message.labels]
