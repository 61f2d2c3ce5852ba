"""What Telegram says when it does not do something, and what that means for a message."""

import httpx
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

FOR_GOOD = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "chat_write_forbidden",
    "not enough rights",
    "have no rights to send",
    "need administrator rights",
    "message thread not found",
    "topic_closed",
    "topic_deleted",
    "user is deactivated",
    "chat_restricted",
    "group chat was deactivated",
)
NOT_THERE = ("message to edit not found", "message can't be edited", "message_id_invalid")


def is_for_good(error: TelegramError) -> bool:
    """Say whether nothing can be written there any more, or never could."""
    said = error.message.lower()
    return isinstance(error, Forbidden) or any(words in said for words in FOR_GOOD)


def is_unchanged(error: BadRequest) -> bool:
    """Say whether the message is already as it was to become."""
    return "message is not modified" in error.message.lower()


def is_not_there(error: BadRequest) -> bool:
    """Say whether there is no message that could be changed."""
    said = error.message.lower()
    return any(words in said for words in NOT_THERE)


def never_arrived(error: TelegramError) -> bool:
    """Say whether it is certain that a request took no effect: there was no connection."""
    cause = error.__cause__
    return isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def wait_of(error: RetryAfter) -> float:
    """Give the seconds for which Telegram takes nothing."""
    wait = error.retry_after
    return float(wait if isinstance(wait, int | float) else wait.total_seconds())
