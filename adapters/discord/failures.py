"""What Discord refuses, as the bot and its operator are told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord
import structlog

from adapters.platform import DeliveryFailed

log = structlog.get_logger(__name__)

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION = 10003, 10008, 10015, 10062
TOO_LARGE, ACKNOWLEDGED, NO_ACCESS, NOT_THE_AUTHOR, NO_DIRECT, NO_PERMISSION = (
    40005,
    40060,
    50001,
    50005,
    50007,
    50013,
)
STALE_TOKEN, INVALID_FORM, ARCHIVED = 50027, 50035, 50083
NO_HISTORY, THREAD_EXISTS = 160002, 160004
"""Error codes: developer documentation, "Opcodes and status codes", JSON error codes."""

TOO_MANY = 429

LOST = (aiohttp.ClientError, OSError, TimeoutError)
"""What means that Discord was not reached, or that nobody knows whether it was."""

REFUSED = (discord.HTTPException, discord.RateLimited, *LOST)
"""What means that Discord did not do what it was asked, whatever the reason."""

FINAL = {
    UNKNOWN_CHANNEL: "the channel is gone",
    NO_DIRECT: "this person takes no direct messages from the bot, or has blocked it",
    INVALID_FORM: "Discord does not take this message",
    ARCHIVED: "the thread is locked",
}
"""What trying again does not change."""

CLICKS = {
    NO_ACCESS: "View Channel",
    NO_PERMISSION: "Send Messages, Send Messages in Threads, Attach Files",
}
"""The permissions that are missing, as the settings of a channel name them."""


@asynccontextmanager
async def delivering(where: str) -> AsyncIterator[None]:
    """Turn what Discord refuses into `DeliveryFailed`; `where` names the chat for the operator."""
    try:
        yield
    except discord.RateLimited as limited:
        raise DeliveryFailed("Discord wants fewer messages", limited.retry_after) from limited
    except discord.HTTPException as refused:
        raise failure_of(refused, where) from refused
    except LOST as lost:
        raise DeliveryFailed(f"Discord was not reached: {type(lost).__name__}") from lost


def failure_of(refused: discord.HTTPException, where: str) -> DeliveryFailed:
    """Say what a refusal means; a missing permission is also said to the operator."""
    if refused.status == TOO_MANY:
        return DeliveryFailed("Discord wants fewer messages", _named_time(refused))
    if refused.code in FINAL:
        return DeliveryFailed(f"{FINAL[refused.code]}: {refused.text or refused.code}", final=True)
    if refused.code in CLICKS:
        sentence = missing_permission(where, CLICKS[refused.code])
        log.warning(sentence)
        return DeliveryFailed(sentence)
    return DeliveryFailed(f"Discord answered {refused.status}: {refused.text or refused.code}")


def _named_time(refused: discord.HTTPException) -> float | None:
    """Give the seconds after which Discord, or the proxy before it, wants to be asked again."""
    try:
        return float(refused.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None


def missing_permission(where: str, permissions: str) -> str:
    """Say what to click so that the bot may do its work in a channel."""
    return (
        f"The bot is not permitted to do its work in {where}: open Edit Channel > Permissions"
        f" there, choose the bot's role, and allow {permissions}."
    )
