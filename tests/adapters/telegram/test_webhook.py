"""With a webhook Telegram posts updates to the bot's own server, and is believed by its secret."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI

from adapters.telegram import TelegramAdapter
from tests.adapters.receiving import MemoryReception
from tests.adapters.telegram.side import COMMANDS, Bot, serving
from tests.emulators.telegram import media
from tests.emulators.telegram.server import TelegramServer, telegram_server

UPDATE = {"update_id": 5}


@asynccontextmanager
async def posted_to(
    telegram: TelegramServer, bot: Bot, reception: MemoryReception | None = None
) -> AsyncIterator[str]:
    """Serve a bot with a webhook on a server of its own; give the address of the webhook."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/hooks/telegram"
        reception = reception or MemoryReception()
        adapter = TelegramAdapter(
            telegram.token, reception, api_url=telegram.api_url, webhook_url=url
        )
        app = FastAPI()
        app.include_router(adapter.router())
        config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment] # pytest's
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            assert adapter.webhook_path == "/hooks/telegram"
            async with adapter.serve(bot, COMMANDS):
                yield url
        finally:
            server.should_exit = True
            await task


async def test_updates_are_posted_and_confirmed_when_they_are_durable() -> None:
    refusing = [True]
    bot = Bot(refuses=lambda _: OSError("no space left") if refusing else None)

    class Full(MemoryReception):
        async def set_aside(self, update_id: str, content: str, reason: str) -> None:
            raise OSError("no space left")

    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with posted_to(telegram, bot, Full()):
            assert telegram.line.webhook is not None
            webhook = telegram.line.webhook
            ann.say("hello")
            await telegram.until(lambda: any(code == 500 for _, code in webhook.attempts))
            assert telegram.updates.confirmed == []
            refusing.clear()
            await telegram.until(lambda: ann.chat.answers)
            await telegram.until(lambda: telegram.updates.confirmed)


async def test_only_telegram_is_believed() -> None:
    bot = Bot()
    async with telegram_server() as telegram, posted_to(telegram, bot) as url:
        assert telegram.line.webhook is not None
        secret = telegram.line.webhook.secret
        assert len(secret) >= 32
        async with httpx.AsyncClient() as client:
            header = "X-Telegram-Bot-Api-Secret-Token"
            for headers in ({}, {header: "wrong"}, {header: "wröng"}):
                answer = await client.post(
                    url, json=UPDATE, headers=httpx.Headers(headers, encoding="latin-1")
                )
                assert answer.status_code == 403
            answer = await client.post(url, content=b"?", headers={header: secret})
            assert answer.status_code == 400
            answer = await client.post(url, json=UPDATE, headers={header: secret})
            assert answer.status_code == 200
        assert bot.seen == []


async def test_what_cannot_be_read_is_set_aside_and_not_posted_for_ever() -> None:
    reception = MemoryReception()
    async with telegram_server() as telegram, posted_to(telegram, Bot(), reception):
        telegram.push("message", {"message_id": "?", "chat": 7}, 0, whatever=True)
        await telegram.until(lambda: telegram.updates.confirmed)
        assert len(reception.put_aside) == 1


async def test_cards_work_over_a_webhook_and_the_backlog_is_answered() -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        ann.say("before")
        async with posted_to(telegram, Bot()):
            await telegram.until(lambda: ann.chat.answers)
            ann.say("after")
            await telegram.until(lambda: len(ann.chat.answers) == 2)
            assert [each.text for each in ann.chat.answers] == ["Heard: before", "Heard: after"]


async def test_an_album_that_is_posted_piece_by_piece_is_one_message() -> None:
    bot, reception = Bot(), MemoryReception()
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with posted_to(telegram, bot, reception):
            ann.send_album([media.PNG, media.PNG], caption="Look")
            await telegram.until(lambda: ann.chat.answers)
            await telegram.until(lambda: not reception.waiting)
    (message,) = bot.messages
    assert len(message.attachments) == 2
    assert len(message.pieces) == 1


async def test_a_text_that_the_app_split_is_one_message_by_webhook_too() -> None:
    bot = Bot()
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with posted_to(telegram, bot):
            ann.say_long("hello " * 1000)
            await telegram.until(lambda: ann.chat.answers)
    (message,) = bot.messages
    assert message.text.split() == ["hello"] * 1000


async def test_a_beginning_that_was_kept_before_a_crash_is_handled_at_the_next_start() -> None:
    class Full(MemoryReception):
        async def set_aside(self, update_id: str, content: str, reason: str) -> None:
            raise OSError("no space left")

    reception = Full()
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with posted_to(telegram, Bot(refuses=lambda _: OSError("no space left")), reception):
            ann.say("hello " * 600)
            await telegram.until(lambda: telegram.updates.confirmed)
        assert reception.waiting
        bot = Bot()
        async with posted_to(telegram, bot, reception):
            await telegram.until(lambda: bot.seen)
            await telegram.until(lambda: not reception.waiting)
    assert bot.texts == ["hello " * 599 + "hello"]


async def test_what_a_webhook_has_kept_is_handled_though_updates_are_polled_now() -> None:
    class Full(MemoryReception):
        async def set_aside(self, update_id: str, content: str, reason: str) -> None:
            raise OSError("no space left")

    reception, bot = Full(), Bot()
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with posted_to(telegram, Bot(refuses=lambda _: OSError("no space left")), reception):
            ann.say("hello " * 600)
            await telegram.until(lambda: telegram.updates.confirmed)
        assert reception.waiting
        async with serving(telegram, bot, reception=reception):
            await telegram.until(lambda: bot.seen)
            await telegram.until(lambda: not reception.waiting)
    assert bot.texts == ["hello " * 599 + "hello"]
