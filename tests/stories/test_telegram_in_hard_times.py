"""Telegram when much comes at once, when it takes nothing, and when it is not there."""

import asyncio
import signal
from pathlib import Path

import httpx

from tests.emulators.telegram.server import telegram_server
from tests.stories.telegram_house import bot_on, served, stopped

PEOPLE = 50


async def test_fifty_people_at_once_are_each_answered_once(tmp_path: Path) -> None:
    async with telegram_server() as telegram:
        people = [telegram.person(f"P{number}") for number in range(PEOPLE)]
        for person in people:
            person.say(f"hello of {person.name}")
        async with served(telegram, tmp_path):
            await telegram.until(lambda: all(p.chat.answers for p in people), within=50)
        for person in people:
            texts = [answer.text for answer in person.chat.answers]
            assert texts == [f"Heard: hello of {person.name}."]


async def test_what_was_written_while_it_was_down_is_answered_once_and_in_order(
    tmp_path: Path,
) -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        bot = bot_on(telegram, tmp_path)
        await bot.start()
        ann.say("first")
        await telegram.until(lambda: ann.chat.answers)
        await bot.end(signal.SIGKILL)
        for word in ("second", "third", "fourth"):
            ann.say(word)
        await bot.start()
        try:
            await telegram.until(
                lambda: "Heard: fourth." in [a.text for a in ann.chat.answers], within=50
            )
            telegram.deliver_again()
            ann.say("fifth")
            await telegram.until(
                lambda: "Heard: fifth." in [a.text for a in ann.chat.answers], within=50
            )
        finally:
            await stopped(bot)
        words = ("first", "second", "third", "fourth", "fifth")
        said = [answer.text for answer in ann.chat.answers]
        assert [s for s in said if "may come twice" not in s] == [f"Heard: {w}." for w in words]


async def test_without_a_network_it_starts_says_so_and_is_back_when_the_network_is(
    tmp_path: Path,
) -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        await telegram.go_away()
        async with served(telegram, tmp_path) as bot, httpx.AsyncClient() as client:
            ready = await client.get(f"{bot.url}/ready")
            assert ready.status_code == 503
            (part,) = [p for p in ready.json()["parts"] if p["name"] == "telegram"]
            assert "cannot be reached" in part["text"]
            chat = {"user_id": "bea", "message": "hello"}
            answer = await client.post(f"{bot.url}/api/chat", json=chat, timeout=30)
            assert answer.status_code == 200, "the other platforms serve meanwhile"
            ann.say("hello")
            await telegram.come_back()
            await telegram.until(lambda: ann.chat.answers, within=50)
            assert (await client.get(f"{bot.url}/ready")).status_code == 200


async def test_a_ban_in_the_middle_of_an_answer_does_not_lose_it(tmp_path: Path) -> None:
    """The ban lasts three seconds here; sixty are lived through on a fast clock elsewhere."""
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with served(telegram, tmp_path):
            ann.say("hello")
            await telegram.until(lambda: ann.chat.answers)
            telegram.flood.ban(3, ann.user_id)
            telegram.flood.grows_by = 1.0
            ann.say("and again")
            await telegram.until(lambda: len(ann.chat.answers) == 2, within=50)
            assert len(telegram.flood.refused) <= 3
        assert [a.text for a in ann.chat.answers] == ["Heard: hello.", "Heard: and again."]


async def test_the_bot_is_killed_while_it_shows_and_nothing_comes_twice_unmarked(
    tmp_path: Path,
) -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        bot = bot_on(telegram, tmp_path)
        await bot.start()
        telegram.faults.delay("sendMessage", 1.0, after_effect=True)
        ann.say("hello")
        await telegram.until(lambda: ann.chat.answers)
        await bot.end(signal.SIGKILL)
        await bot.start()
        try:
            await telegram.until(lambda: len(ann.chat.answers) >= 2, within=50)
            await asyncio.sleep(0.5)
        finally:
            await stopped(bot)
        assert [a.text for a in ann.chat.answers] == [
            "Heard: hello.",
            "(This may come twice.) Heard: hello.",
        ]


async def test_the_token_stands_in_no_log_whatever_goes_wrong(tmp_path: Path) -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        await telegram.go_away()
        async with served(telegram, tmp_path, LOG_LEVEL="DEBUG") as bot:
            await telegram.come_back()
            telegram.faults.break_down("sendMessage", 502)
            telegram.faults.drop("getUpdates", times=2)
            ann.say("hello")
            await telegram.until(lambda: ann.chat.answers, within=50)
        logged = await asyncio.to_thread((tmp_path / "data/logs/app.log").read_text)
        assert "cannot be reached" in logged
        secret = telegram.token.partition(":")[2]
        assert secret not in logged
        assert secret not in "".join(bot.said)
