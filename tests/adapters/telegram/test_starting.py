"""Starting: who the bot is, what its commands are, and what is wrong said in a sentence."""

import asyncio
from collections.abc import Callable, Sequence

import httpx
import pytest

from adapters.platform import CannotServe
from adapters.telegram import TelegramAdapter
from tests.adapters.receiving import MemoryReception
from tests.adapters.telegram.side import COMMANDS, Bot, serving
from tests.emulators.telegram.refusals import UNAUTHORIZED, bad_request
from tests.emulators.telegram.server import telegram_server


@pytest.mark.parametrize("token", ["7204885113:AAwrong-wrong-wrong-wrong-wrong-wro", "nonsense"])
async def test_a_wrong_token_stops_the_start_with_a_sentence_without_the_token(token: str) -> None:
    async with telegram_server() as telegram:
        adapter = TelegramAdapter(token, MemoryReception(), api_url=telegram.api_url)
        with pytest.raises(CannotServe) as wrong:
            async with adapter.serve(Bot(), ()):
                pass
        assert "TELEGRAM_BOT_TOKEN" in str(wrong.value)
        assert token not in str(wrong.value)
        assert wrong.value.__cause__ is None


async def test_the_commands_are_listed_in_telegram() -> None:
    async with telegram_server() as telegram, serving(telegram):
        ((_, listed),) = telegram.commands.items()
        assert listed == [{"command": each.name, "description": each.summary} for each in COMMANDS]


async def test_a_refused_list_of_commands_is_no_reason_not_to_serve() -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        telegram.faults.refuse("setMyCommands", bad_request("BOT_COMMANDS_TOO_MUCH"))
        async with serving(telegram):
            ann.say("hello")
            await telegram.until(lambda: ann.chat.answers)


async def test_without_telegram_the_start_goes_on_and_it_is_found_later() -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        await telegram.go_away()
        async with serving(telegram) as (adapter, _, _):
            assert "cannot be reached" in adapter.problem
            ann.say("hello")
            await telegram.come_back()
            await telegram.until(lambda: ann.chat.answers)
            assert adapter.problem == ""


async def test_when_telegram_goes_away_it_is_said_and_it_is_found_again() -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with serving(telegram) as (adapter, _, _):
            await telegram.go_away()
            await _until(lambda: "cannot be reached" in adapter.problem)
            await telegram.come_back()
            ann.say("hello")
            await telegram.until(lambda: ann.chat.answers)
            await _until(lambda: adapter.problem == "")


async def test_a_second_poller_is_explained() -> None:
    async with (
        telegram_server() as telegram,
        serving(telegram) as (one, _, _),
        serving(telegram) as (other, _, _),
    ):
        await _until(lambda: "Another program" in one.problem + other.problem)
        ann = telegram.person("Ann")
        ann.say("hello")
        await telegram.until(lambda: ann.chat.answers)


async def test_a_token_that_is_taken_back_while_it_runs_is_said() -> None:
    async with telegram_server() as telegram, serving(telegram) as (adapter, _, _):
        telegram.faults.refuse("getUpdates", UNAUTHORIZED, times=3)
        telegram.person("Ann").say("hello")
        await _until(lambda: "TELEGRAM_BOT_TOKEN" in adapter.problem)


async def test_an_address_that_telegram_refuses_is_said_and_is_no_lost_network() -> None:
    async with telegram_server() as telegram:
        wrong = bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        telegram.faults.refuse("setWebhook", wrong)
        async with serving(telegram, webhook_url="http://bot.example.org/x") as (adapter, _, _):
            assert "an https url must be provided" in adapter.problem.lower()
            assert "TELEGRAM_WEBHOOK_URL" in adapter.problem


async def test_a_disk_that_cannot_be_read_at_the_start_is_said_and_tried_again() -> None:
    class Unreadable(MemoryReception):
        tried = 0

        async def kept(self) -> Sequence[str]:
            self.tried += 1
            if self.tried == 1:
                raise OSError("the disk does not answer")
            return await super().kept()

    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        async with serving(telegram, reception=Unreadable()) as (adapter, _, _):
            await _until(lambda: "could not be taken" in adapter.problem)
            ann.say("hello")
            await telegram.until(lambda: ann.chat.answers)
            await _until(lambda: adapter.problem == "")


async def test_a_webhook_of_before_is_taken_away_and_what_waits_is_kept() -> None:
    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        ann.say("hello")
        async with httpx.AsyncClient() as client:
            before = {"url": "http://127.0.0.1:9/x"}
            await client.post(f"{telegram.base_url}{telegram.token}/setWebhook", json=before)
        assert telegram.line.webhook is not None
        async with serving(telegram):
            await telegram.until(lambda: ann.chat.answers)


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to that")
