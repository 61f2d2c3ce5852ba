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


class DiscordSettings(Group):
    """Discord."""

    discord_bot_token: SecretStr = setting(
        SecretStr(""),
        "The token of the bot from the developer portal; it switches Discord on.",
        "MTIzNDU2Nzg5.put-your-own.token-here",
    )
    discord_api_url: Annotated[str, AfterValidator(values.web_address)] = setting(
        "",
        "Where Discord's API is reached, as through a proxy; empty means Discord's own.",
        "http://127.0.0.1:8080/api/v10",
    )
    discord_gateway_url: Annotated[str, AfterValidator(values.socket_address)] = setting(
        "",
        "Where Discord's gateway is reached, as through a proxy; empty means Discord's own.",
        "ws://127.0.0.1:8081",
    )
    discord_allowed_users: CommaList = setting(
        (), "The ids of the people who may speak to the bot; empty: everyone.", "123,456"
    )
    discord_allowed_guilds: CommaList = setting(
        (), "The ids of the servers in which everyone may speak to it.", "789"
    )
    discord_pairing: Annotated[Literal["off", "on"], Lower] = setting(
        "off",
        "Whether strangers get a code that `python -m bot pair accept` lets in.",
        "on",
    )
    discord_threads: Annotated[Literal["off", "on"], Lower] = setting(
        "off",
        "Whether naming the bot in a server opens a thread for the conversation.",
        "on",
    )
    catch_up_hours: float = setting(
        24.0,
        "How far back messages are looked for that were sent while the bot was away.",
        "24",
        ge=0,
        le=8760,
    )
