"""When somebody wants to be told: the moment, and the rule if it comes again.

This imports libraries when it is first used and reads the files of time zones: call it in a thread.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.times.moment import moment
from bot.times.repetition import next_after, repetition, spoken
from bot.times.words import Unclear, plain, unread

LONGEST = 200
"""Characters of what may be a time."""
FARTHEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class When:
    """A moment in UTC, and an RRULE that is read in a time zone; empty if it comes once."""

    due_at: datetime
    rule: str = ""


def read_when(words: str, now: datetime, zone: str) -> When:
    """Read when, as a person wrote it whose time zone this is; empty means UTC.

    Raises:
        Unclear: with a sentence, also if it is over, or too far away.
    """
    if len(words) > LONGEST:
        raise unread(f"{words[:40]}…")
    said, where = plain(words), ZoneInfo(zone or "UTC")
    repeated = repetition(said, now, where)
    rule, due_at = repeated or ("", moment(said, now, where))
    if due_at <= now:
        raise Unclear(f"{words.strip()!r} is over: it is {shown(now, zone)} now.")
    if due_at - now > FARTHEST:
        raise Unclear(f"{words.strip()!r} is more than ten years away.")
    return When(due_at, rule)


def following(rule: str, due: datetime, now: datetime, zone: str) -> datetime | None:
    """Say when what was due comes next after now; None if it does not."""
    if not rule:
        return None
    return next_after(rule, due, now, ZoneInfo(zone or "UTC")).astimezone(UTC)


def shown(at: datetime, zone: str) -> str:
    """Write a moment as a person's clock and calendar show it."""
    name = zone or "UTC"
    local = at.astimezone(ZoneInfo(name))
    return f"{local:%A}, {local.day} {local:%B %Y} at {local:%H:%M} ({name})"


def shown_rule(rule: str, zone: str) -> str:
    """Write a rule in words: ``every Monday at 09:00 (Europe/Paris)``."""
    words = spoken(rule)
    return f"{words} ({zone or 'UTC'})" if "BYHOUR" in rule else words
