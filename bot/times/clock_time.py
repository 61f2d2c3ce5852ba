"""The time of the day in what a person wrote: 9, 8:30, 5 pm, noon, half past nine, morning."""

import re
from collections.abc import Callable
from datetime import time

from bot.times.words import COUNTS, Unclear, count

PARTS = {
    "morning": time(9),
    "afternoon": time(15),
    "evening": time(18),
    "night": time(20),
    "tonight": time(20),
}
# From which hour on a part of the day means the second half of the day: “tonight at 8”.
LATE_FROM = {"afternoon": 1, "evening": 4, "night": 6, "tonight": 6}

HOUR = rf"(?P<hour>\d{{1,2}}|{'|'.join(COUNTS[1:13])})"
HALF_OF_DAY = r"(?:\s*(?P<half>[ap])\.?m\b\.?)"
AT = r"(?:\b(?:at|by)\s+)"
BEGINS = r"(?<![\w:.])"
ENDS = r"(?![\w:])"

FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[int, int]]], ...] = (
    (
        re.compile(rf"{AT}?{BEGINS}{HOUR}:(?P<minute>\d\d){HALF_OF_DAY}?{ENDS}"),
        lambda found: (count(found["hour"]), int(found["minute"])),
    ),
    (
        re.compile(
            rf"{AT}?\b(?P<off>half past|quarter past|quarter to) {HOUR}{HALF_OF_DAY}?{ENDS}"
        ),
        lambda found: _off(found["off"], count(found["hour"])),
    ),
    (
        re.compile(rf"{AT}?{BEGINS}{HOUR}{HALF_OF_DAY}{ENDS}"),
        lambda found: (count(found["hour"]), 0),
    ),
    (
        re.compile(rf"(?:{AT}|(?<=tomorrow )|(?<=today )|(?<=tonight )){HOUR}{ENDS}"),
        lambda found: (count(found["hour"]), 0),
    ),
    (
        re.compile(rf"{AT}?\b(?P<name>noon|midday|midnight)\b"),
        lambda found: (0 if found["name"] == "midnight" else 12, 0),
    ),
)
PART = re.compile(r"(?:\b(?:in|at|this)\s+)?(?:\bthe\s+)?\b(morning|afternoon|evening|night)\b")


def take_clock_time(words: str) -> tuple[time | None, str]:
    """Give the time of the day, None if there is none, and the words without it.

    Raises:
        Unclear: there is no such time, such as 25:00.
    """
    part, rest = _part(words)
    for form, read in FORMS:
        found = form.search(rest)
        if found is not None:
            hour, minute = read(found)
            at = _checked(found, hour, minute, part)
            return at, _without(found, rest)
    return PARTS.get(part), rest


def _part(words: str) -> tuple[str, str]:
    if re.search(r"\btonight\b", words):
        return "tonight", re.sub(r"\btonight\b", "today", words)
    found = PART.search(words)
    if found is None:
        return "", words
    day = "today" if found[0].startswith("this ") else ""
    return found[1], " ".join(f"{words[: found.start()]} {day} {words[found.end() :]}".split())


def _checked(found: re.Match[str], hour: int, minute: int, part: str) -> time:
    half = found.groupdict().get("half")
    if half:
        possible = 1 <= hour <= 12  # noqa: PLR2004 - the hours of half a day
        hour = hour % 12 + (12 if half == "p" else 0)
    else:
        possible = True
        hour += 12 if LATE_FROM.get(part, 24) <= hour < 12 else 0  # noqa: PLR2004 - noon
    if not possible or hour > 23 or minute > 59:  # noqa: PLR2004 - of a day
        raise Unclear(f"There is no time of the day such as {found[0].strip()!r}.")
    return time(hour, minute)


def _off(how: str, hour: int) -> tuple[int, int]:
    if how == "quarter to":
        return (hour - 1) % 24, 45
    return hour, 30 if how == "half past" else 15


def _without(found: re.Match[str], words: str) -> str:
    return " ".join((words[: found.start()] + " " + words[found.end() :]).split())
