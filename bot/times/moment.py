"""A moment that comes once: in 10 minutes, tomorrow at 9, on 3 March at noon."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.times.clock_time import take_clock_time
from bot.times.words import (
    COUNTS,
    DAY,
    MONTH,
    WEEKDAY,
    WEEKDAYS,
    Unclear,
    unread,
    weekday,
)

MORNING = time(9)
"""When somebody is reminded who named a day and no time."""

TENS = "twenty|thirty|forty|fifty|sixty|ninety"
NUMBER = rf"(?:\d+(?:\.\d+)?|an?|(?:(?:{TENS})[ -])?(?:{'|'.join(COUNTS[1:])})|{TENS})"
SHORT = r"(?:seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)"
LONG = r"(?:days?|weeks?|months?|years?)"
FROM_NOW = r"(?: from now| later)?"


def _amounts(unit: str) -> re.Pattern[str]:
    amount = rf"{NUMBER} ?{unit}(?![a-z])"
    return re.compile(rf"(?:in )?{amount}(?: ?(?:and )?{amount})*{FROM_NOW}")


ELAPSED = _amounts(SHORT)
LATER = _amounts(LONG)
SAID_OTHERWISE = (
    (re.compile(r"\bhalf an hour\b"), "30 minutes"),
    (re.compile(r"\b(?:a )?quarter of an hour\b"), "15 minutes"),
    (re.compile(r"\b(?:an|one|1) hour and a half\b"), "90 minutes"),
    (re.compile(r"\ba couple of\b"), "2"),
    (re.compile(r" later\b"), " from now"),
)
# What the library that reads days is given: it makes something of nearly any words.
NAMED = re.compile(r"today|tomorrow|(?:the )?day after tomorrow|next (?:week|month|year)")
DATED = re.compile(
    rf"(?:on )?(?:(?P<weekday>{WEEKDAY}) )?(?:the )?"
    rf"(?:{DAY}\.? (?:of )?{MONTH}|{MONTH} (?:the )?{DAY})(?: (?P<year>\d{{4}}))?"
)
IN_FIGURES = re.compile(r"(?:on )?(\d{1,2})([./])(\d{1,2})(?:\2(?:\d{4})?)?")
ISO = re.compile(r"(?:on )?\d{4}-\d\d-\d\d")
ISO_TIME = re.compile(r"(?:at |on )?(\d{4}-\d\d-\d\d)(?:t| at | )(\d\d:\d\d)(?::00)?")
ON_WEEKDAY = re.compile(rf"(?:on |next |this |coming )*({WEEKDAY})")
ON_DAY = re.compile(r"(?:on )?the (\d{1,2})(?:st|nd|rd|th)?")


def moment(words: str, now: datetime, zone: tzinfo) -> datetime:
    """Read a moment to come, in UTC. `words` are plain.

    Raises:
        Unclear: with a sentence.
    """
    said = ISO_TIME.sub(r"\1 \2", words) if ISO_TIME.fullmatch(words) else words
    for other, same in SAID_OTHERWISE:
        said = other.sub(same, said)
    if ELAPSED.fullmatch(said):  # so long from now, whatever clocks do meanwhile
        elapsed = _read(said, now.astimezone(UTC).replace(tzinfo=None))
        if elapsed is None:
            raise unread(words)
        return elapsed.replace(tzinfo=UTC)
    local = now.astimezone(zone).replace(tzinfo=None)
    at, rest = take_clock_time(said)
    if not rest and at is not None:
        return _next(local, now, at, zone)
    if at == time(0) and "tonight" in words:  # which is tomorrow already
        rest = "tomorrow"
    return in_utc(_on_day(words, rest, local, at), zone)


def in_utc(local: datetime, zone: tzinfo) -> datetime:
    """Give the moment at which a clock there shows this.

    Where it shows it twice it is the first; what it leaps over comes as much later.

    Raises:
        Unclear: it is after the year 9999.
    """
    try:
        return local.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError as error:
        raise Unclear("That is after the last day of the calendar.") from error


def _on_day(words: str, rest: str, local: datetime, at: time | None) -> datetime:
    """Read the day, and join it with the time."""
    if LATER.fullmatch(rest):
        later = _read(rest, local)
        if later is None:
            raise unread(words)
        return later if at is None else datetime.combine(later, at)
    return datetime.combine(_day(words, rest, local, at or MORNING), at or MORNING)


def _day(words: str, rest: str, local: datetime, at: time) -> date:
    if found := ON_WEEKDAY.fullmatch(rest):
        ahead = (weekday(found[1]) - local.weekday()) % 7
        is_over = ahead == 0 and ("next" in rest or at <= local.time())
        return local.date() + timedelta(days=7 if is_over else ahead)
    if found := ON_DAY.fullmatch(rest):
        return _day_of_month(int(found[1]), local, at)
    if found := IN_FIGURES.fullmatch(rest):
        one, other = int(found[1]), int(found[3])
        if max(one, other) <= 12 and one != other:  # noqa: PLR2004 - months
            raise Unclear(f"{rest!r} may mean two days: write the month as a word.")
    elif not (NAMED.fullmatch(rest) or DATED.fullmatch(rest) or ISO.fullmatch(rest)):
        raise unread(words)
    # A date without a year is the next of its kind, and may be today.
    base = local if NAMED.fullmatch(rest) else local - timedelta(days=1)
    day = _read(re.sub(rf"^on |(?<!\w){WEEKDAY} ", "", rest), base)
    if day is None:
        raise Unclear(f"There is no day such as {rest!r}.")
    _check_weekday(rest, day.date())
    return day.date()


def _check_weekday(rest: str, day: date) -> None:
    found = DATED.fullmatch(rest)
    if found and found["weekday"] and weekday(found["weekday"]) != day.weekday():
        raise Unclear(f"{day.day} {day:%B %Y} is a {WEEKDAYS[day.weekday()]}.")


def _day_of_month(number: int, local: datetime, at: time) -> date:
    """Find the next day with this number."""
    for ahead in range(62):
        day = local.date() + timedelta(days=ahead)
        if day.day == number and datetime.combine(day, at) > local:
            return day
    raise Unclear(f"There is no day {number} in a month.")


def _next(local: datetime, now: datetime, at: time, zone: tzinfo) -> datetime:
    """Find the next time that clocks there show this."""
    today = in_utc(datetime.combine(local, at), zone)
    if today > now:
        return today
    return in_utc(datetime.combine(local + timedelta(days=1), at), zone)


def _read(words: str, base: datetime) -> datetime | None:
    """Read a day, or an amount of time from the base on.

    The library knows calendars well and words too well: it drops the 9 of “tomorrow at 9”. So it is
    only given what was recognised before. It is imported when first needed: it takes 0.1 s.
    """
    from dateparser.date import DateDataParser  # noqa: PLC0415 - not at the start of the bot

    settings = {
        "RELATIVE_BASE": base,
        "PREFER_DATES_FROM": "future",
        "RETURN_AS_TIMEZONE_AWARE": False,
        "PARSERS": ["relative-time", "absolute-time"],
    }
    words = words.removeprefix("the ")
    found = DateDataParser(languages=["en"], settings=settings).get_date_data(words).date_obj
    return found if isinstance(found, datetime) else None
