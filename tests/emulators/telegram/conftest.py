"""A Telegram of one's own, and python-telegram-bot as it is, talking to it over a socket."""

from collections.abc import AsyncIterator

import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from tests.emulators.telegram.people import Person
from tests.emulators.telegram.server import TelegramServer, telegram_server

PLAIN_HTTP = {"verify": False}
"""Without the list of certificates, which takes half a second to read and is not needed here."""


@pytest.fixture(autouse=True)
def coming_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library give spans of time as it will: else it warns of its own old way."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with telegram_server() as server:
        yield server


@pytest.fixture
async def bot(telegram: TelegramServer) -> AsyncIterator[Bot]:
    connected = Bot(
        telegram.token,
        telegram.base_url,
        telegram.base_file_url,
        request=HTTPXRequest(httpx_kwargs=PLAIN_HTTP),
        get_updates_request=HTTPXRequest(httpx_kwargs=PLAIN_HTTP),
    )
    async with connected:
        yield connected


@pytest.fixture
def ann(telegram: TelegramServer) -> Person:
    someone = telegram.person("Ann")
    someone.press_start()
    return someone
