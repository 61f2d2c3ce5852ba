"""The chat platforms that are switched on: made from the settings, and checked for /ready."""

import asyncio
from datetime import timedelta

from adapters.platform import Adapter
from bot.bot import Bot
from bot.health import Check, Part
from bot.plain_values import deciders
from bot.reception import Doors, PlatformReception, Stores
from bot.web.options import Hook
from config.platforms import DiscordSettings, TelegramSettings
from config.settings import Settings
from sessions.arrivals import Arrivals
from sessions.guests import Guests
from sessions.moving import Moving


async def chat_platforms(settings: Settings, bot: Bot) -> tuple[list[Adapter], list[Hook]]:
    """Make the platforms whose tokens are set, and what is to be posted to this server for them.

    A platform's library is imported only then, which takes a while: in a thread.
    """
    adapters: list[Adapter] = []
    hooks: list[Hook] = []
    most_bytes = int(settings.limits.max_attachment_mb * 1_000_000)
    telegram = settings.telegram
    if telegram.telegram_bot_token.get_secret_value():
        doors = Doors(
            users=frozenset(telegram.telegram_allowed_users),
            chats=frozenset(telegram.telegram_allowed_chats),
            pairs=telegram.telegram_pairing == "on",
        )
        reception = _reception("telegram", doors, settings, bot)
        adapter, posted = await asyncio.to_thread(_telegram, telegram, reception, most_bytes)
        adapters.append(adapter)
        hooks += posted
    discord = settings.discord
    if discord.discord_bot_token.get_secret_value():
        doors = Doors(
            users=frozenset(discord.discord_allowed_users),
            servers=frozenset(discord.discord_allowed_guilds),
            pairs=discord.discord_pairing == "on",
        )
        reception = _reception("discord", doors, settings, bot)
        adapters.append(await asyncio.to_thread(_discord, discord, reception, most_bytes))
    return adapters, hooks


def checking_platform(adapter: Adapter) -> Check:
    """Check that people can be reached on a platform."""

    async def check() -> Part:
        problem = adapter.problem
        return Part(adapter.name, ok=not problem, text=problem or "People are served there.")

    return check


def _telegram(
    settings: TelegramSettings, reception: PlatformReception, most_bytes: int
) -> tuple[Adapter, list[Hook]]:
    from adapters.telegram import TelegramAdapter  # noqa: PLC0415 - only where it is switched on

    adapter = TelegramAdapter(
        settings.telegram_bot_token.get_secret_value(),
        reception,
        api_url=settings.telegram_api_url,
        webhook_url=settings.telegram_webhook_url,
        max_attachment_bytes=most_bytes,
    )
    path = adapter.webhook_path
    return adapter, [Hook(path, adapter.router())] if path else []


def _discord(settings: DiscordSettings, reception: PlatformReception, most_bytes: int) -> Adapter:
    from adapters.discord.adapter import (  # noqa: PLC0415 - only where it is switched on
        DiscordAdapter,
    )
    from adapters.discord.options import DiscordOptions  # noqa: PLC0415 - as above

    options = DiscordOptions(
        settings.discord_bot_token.get_secret_value(),
        api_url=settings.discord_api_url,
        gateway_url=settings.discord_gateway_url,
        threads=settings.discord_threads == "on",
        catch_up=timedelta(hours=settings.catch_up_hours),
        max_attachment_bytes=most_bytes,
    )
    return DiscordAdapter(options, reception)


def _reception(name: str, doors: Doors, settings: Settings, bot: Bot) -> PlatformReception:
    database = bot.office.database
    return PlatformReception(
        name,
        doors,
        Stores(Guests(database), Arrivals(database), Moving(database), bot.sessions),
        admins=deciders(settings.approvals, settings.server).admins,
        alarms=bot.alarms,
        approvals=bot.approvals,
        clock=bot.clock,
    )
