"""The settings of the chat platforms: each is on when its token is set."""

from typing import Annotated, Literal

from pydantic import AfterValidator, SecretStr

from config import values
from config.group import CommaList, Group, Lower, setting


class TelegramSettings(Group):
    """Telegram."""

    telegram_bot_token: Annotated[SecretStr, AfterValidator(values.telegram_token)] = setting(
        SecretStr(""),
        "The token that @BotFather gives; it switches Telegram on.",
        "123456789:AAE-put-your-own-token-here-0123456",
    )
    telegram_api_url: Annotated[str, AfterValidator(values.web_address)] = setting(
        "https://api.telegram.org",
        "The Bot API server: Telegram's, or one of your own.",
        "http://127.0.0.1:8081",
    )
    telegram_webhook_url: Annotated[str, AfterValidator(values.web_address)] = setting(
        "",
        "Where Telegram reaches this bot's HTTP server; empty means that updates are polled.",
        "https://bot.example.org/telegram/webhook",
    )
    telegram_allowed_users: CommaList = setting(
        (), "The ids of the people who may speak to the bot; empty: everyone.", "12345,67890"
    )
    telegram_allowed_chats: CommaList = setting(
        (), "The ids of the groups in which everyone may speak to it.", "-1001234567890"
    )
    telegram_pairing: Annotated[Literal["off", "on"], Lower] = setting(
        "off",
        "Whether strangers get a code that `python -m bot pair accept` lets in.",
        "on",
    )
