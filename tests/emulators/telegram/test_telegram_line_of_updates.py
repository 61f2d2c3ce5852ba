"""How the bot gets updates from the stand-in: polling, webhook, and what goes wrong on the way."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TimedOut
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from tests.emulators.telegram.people import Person
from tests.emulators.telegram.server import TelegramServer


def texts(updates: tuple[Update, ...]) -> list[str | None]:
    return [update.message.text for update in updates if update.message is not None]


class Receiver:
    """A bot's own HTTP server: answers with these statuses in turn, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.texts: list[str] = []
        self.secrets: set[str | None] = set()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        update = Update.de_json(await request.json(), None)
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        assert update.effective_message is not None
        self.texts.append(update.effective_message.text or "")
        return web.Response()


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(*statuses)
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def test_an_offset_confirms_what_is_before_it_and_the_rest_comes_again(
    bot: Bot, ann: Person
) -> None:
    for text in ("one", "two", "three"):
        ann.say(text)
    first = await bot.get_updates()
    assert texts(first) == ["/start", "one", "two", "three"]
    assert texts(await bot.get_updates()) == ["/start", "one", "two", "three"]
    assert texts(await bot.get_updates(offset=first[2].update_id)) == ["two", "three"]
    assert texts(await bot.get_updates(offset=0, limit=1)) == ["two"]
    assert texts(await bot.get_updates(offset=-1)) == ["three"]
    assert texts(await bot.get_updates()) == ["three"]


async def test_a_long_poll_is_answered_as_soon_as_somebody_writes(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    [start] = await bot.get_updates()
    poll = asyncio.create_task(bot.get_updates(offset=start.update_id + 1, timeout=30))
    await telegram.until(lambda: telegram.updates.polled)
    ann.say("Hello")
    assert texts(await poll) == ["Hello"]


async def test_the_older_of_two_pollers_gets_a_409(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    [start] = await bot.get_updates()
    older = asyncio.create_task(bot.get_updates(offset=start.update_id + 1, timeout=30))
    await telegram.until(lambda: telegram.updates.polled)
    async with Bot(telegram.token, base_url=telegram.base_url) as second:
        assert await second.get_updates(offset=start.update_id + 1) == ()
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await older


async def test_kinds_that_were_not_asked_for_do_not_come(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    message = ann.chat.messages[0]
    ann.react(message, "🔥")
    [start] = await bot.get_updates(allowed_updates=["message", "message_reaction"])
    ann.react(message, "👍")
    ann.edit(message, "/start again")
    after = start.update_id + 1
    [reaction] = await bot.get_updates(offset=after)
    assert reaction.message_reaction is not None
    assert [next(iter(one)) for one in telegram.unseen] == ["message_reaction", "edited_message"]


async def test_the_same_update_can_come_twice(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    [start] = await bot.get_updates()
    assert await bot.get_updates(offset=start.update_id + 1) == ()
    telegram.deliver_again()
    [again] = await bot.get_updates(offset=start.update_id + 1)
    assert again == start
    assert await bot.get_updates(offset=start.update_id + 1) == ()


async def test_a_webhook_gets_updates_with_the_secret_until_it_says_2xx(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    async with receiving(500, 403) as receiver:
        await bot.set_webhook(receiver.url, secret_token="s3cret")
        ann.say("one")
        ann.say("two")
        await telegram.until(lambda: not telegram.updates.pending)
        assert receiver.texts == ["/start", "one", "two"]
        assert receiver.secrets == {"s3cret"}
        assert telegram.line.webhook is not None
        assert [outcome for _, outcome in telegram.line.webhook.attempts] == [
            500,
            403,
            200,
            200,
            200,
        ]
        info = await bot.get_webhook_info()
        assert info.last_error_message == "Wrong response from the webhook: 403"
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()
    ann.say("three")
    assert texts(await bot.get_updates()) == ["three"]


async def test_what_waited_goes_to_the_webhook_or_is_dropped_if_asked(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    async with receiving() as receiver:
        ann.say("while you were out")
        await bot.set_webhook(receiver.url)
        await telegram.until(lambda: not telegram.updates.pending)
        assert receiver.texts == ["/start", "while you were out"]
        await bot.delete_webhook()
        ann.say("never read")
        await bot.delete_webhook(drop_pending_updates=True)
        assert await bot.get_updates() == ()
    with pytest.raises(BadRequest, match="unallowed characters"):
        await bot.set_webhook("https://bot.example/hook", secret_token="no spaces")


async def test_a_webhook_that_nobody_serves_is_tried_again(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    async with receiving() as receiver:
        address = receiver.url
    await bot.set_webhook(address)
    await telegram.until(lambda: telegram.line.webhook and len(telegram.line.webhook.attempts) > 1)
    info = await bot.get_webhook_info()
    assert info.pending_update_count == 1
    assert info.last_error_message == "Wrong response from the webhook: ClientConnectorError"


async def test_a_bot_that_is_killed_while_it_polls_gets_everything_when_it_is_back(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    program = (
        "import asyncio; from telegram import Bot\n"
        f"bot = Bot({telegram.token!r}, {telegram.base_url!r})\n"
        "asyncio.run(bot.get_updates(offset=512345002, timeout=50))\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    await telegram.until(lambda: telegram.updates.polled, within=40)
    process.kill()
    await process.wait()
    ann.say("Still there?")
    assert texts(await bot.get_updates()) == ["Still there?"]


async def test_the_library_polls_and_answers_by_itself(
    telegram: TelegramServer, ann: Person
) -> None:
    async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_text(f"You said {update.message.text}")

    application = Application.builder().token(telegram.token).base_url(telegram.base_url).build()
    application.add_handler(MessageHandler(filters.TEXT, answer))
    async with application:
        assert application.updater is not None
        await application.start()
        await application.updater.start_polling(timeout=10)
        await telegram.until(lambda: ann.chat.answers)
        await application.updater.stop()
        await application.stop()
    assert ann.chat.answers[0].text == "You said /start"


async def test_requests_break_late_lost_or_refused_as_told(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    telegram.faults.break_down("sendMessage")
    telegram.faults.break_down("sendMessage", 502)
    telegram.faults.drop("sendMessage")
    for _ in range(3):
        with pytest.raises(NetworkError):
            await bot.send_message(ann.user_id, "not there")
    telegram.faults.drop("sendMessage", after_effect=True)
    with pytest.raises(NetworkError, match="disconnected"):
        await bot.send_message(ann.user_id, "there, but nobody was told")
    telegram.faults.delay("sendMessage", 2)
    with pytest.raises(TimedOut):
        await bot.send_message(ann.user_id, "there, but late", read_timeout=0.05)
    telegram.faults.too_many("sendMessage", 3)
    with pytest.raises(RetryAfter) as refusal:
        await bot.send_message(ann.user_id, "not there")
    assert refusal.value.retry_after == timedelta(seconds=3)
    await bot.send_message(ann.user_id, "all is well")
    assert [shown.text for shown in ann.chat.answers] == [
        "there, but nobody was told", "there, but late", "all is well",
    ]  # fmt: skip
    assert telegram.faults.left == 0


async def test_the_whole_server_goes_away_and_comes_back_on_the_same_port(
    telegram: TelegramServer, bot: Bot, ann: Person
) -> None:
    [start] = await bot.get_updates()
    poll = asyncio.create_task(bot.get_updates(offset=start.update_id + 1, timeout=30))
    await telegram.until(lambda: telegram.updates.polled)
    port = telegram.port
    await telegram.go_away()
    with pytest.raises(NetworkError):
        await poll
    with pytest.raises(NetworkError):
        await bot.get_me()
    ann.say("Still here?")
    await telegram.come_back()
    assert telegram.port == port
    assert texts(await bot.get_updates(offset=start.update_id + 1)) == ["Still here?"]
