"""What comes again and again: every Monday, every day at 8:30, on the 1st of every month.

A repetition is an iCalendar RRULE with the time of the day in it: a day on which clocks leap over
that time does not move all days after it. Hours and minutes are counted, whatever clocks do.
"""

import calendar
import re
from datetime import datetime, time, timedelta, tzinfo

from bot.times.clock_time import take_clock_time
from bot.times.moment import MORNING, in_utc
from bot.times.words import (
    COUNTS,
    DAY,
    MONTH,
    MONTHS,
    ORDINALS,
    WEEKDAY,
    WEEKDAYS,
    Unclear,
    count,
    month,
    unread,
    weekday,
)

LEAST_MINUTES = 5
MOST_HOURS = 24 * 366
BY_DAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
KINDS_OF_DAY = {
    "weekday": "MO,TU,WE,TH,FR",
    "workday": "MO,TU,WE,TH,FR",
    "working day": "MO,TU,WE,TH,FR",
    "weekend": "SA,SU",
}
FREQUENCY = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}

ADVERBS = {
    "hourly": "every hour",
    "daily": "every day",
    "weekly": "every week",
    "monthly": "every month",
    "yearly": "every year",
    "annually": "every year",
}
PLURAL = r"(?:week|mon|tues|wednes|thurs|fri|satur|sun)days|weekends"
AGAIN = re.compile(rf"\b(?:every|each|{PLURAL})\b")
FILLING = re.compile(r"\b(?:every|each|on|the)\b")

COUNT = re.compile(rf"(other|second|third|\d{{1,4}}|{'|'.join(COUNTS[2:])}) ")
UNIT = re.compile(r"(minute|hour|day|week|month|year)s?")
ON_WEEKDAYS = re.compile(rf"(?:weeks? )?({WEEKDAY}(?: (?:and |or )?{WEEKDAY})*)")
NTH = rf"({'|'.join(ORDINALS[:4])}|last|[1-4](?:st|nd|rd|th))"
NTH_WEEKDAY = re.compile(rf"(?=.*\bmonth)(?:months? )?{NTH} ({WEEKDAY}|day)(?: of months?)?")
MONTH_DAY = re.compile(rf"(?=.*\bmonth)(?:months? )?({DAY})(?: day)?(?: of months?)?")
YEAR_DAY = re.compile(rf"(?:years? )?(?:({DAY}) (?:of )?({MONTH})|({MONTH}) ({DAY}))")


def repetition(words: str, now: datetime, zone: tzinfo) -> tuple[str, datetime] | None:
    """Read a rule and when it comes first, in UTC; None if the words mean no repetition.

    Raises:
        Unclear: with a sentence.
    """
    said = " ".join(ADVERBS.get(word, word) for word in words.split())
    if AGAIN.search(said) is None:
        return None
    at, rest = take_clock_time(said)
    what = " ".join(FILLING.sub(" ", rest).split())
    if at is not None and (not what or COUNT.fullmatch(f"{what} ")):  # every (other) morning
        what = f"{what} day".strip()
    every = 1
    is_date = NTH_WEEKDAY.fullmatch(what) or YEAR_DAY.fullmatch(what)
    if (found := COUNT.match(what)) and not is_date:
        every = 2 if found[1] == "other" else count(found[1])
        what = what[found.end() :]
    if every == 0:
        raise unread(words)
    found = UNIT.fullmatch(what)
    if found and found[1] in ("minute", "hour"):
        if at is not None:
            raise unread(words)
        return _counted(found[1], every, now)
    local = now.astimezone(zone).replace(tzinfo=None)
    days = _days(what, local)
    if days is None:
        raise unread(words)
    at = at or MORNING
    time_of_day = f"BYHOUR={at.hour};BYMINUTE={at.minute};BYSECOND=0"
    # It comes first as soon as it can; only what follows leaves days out.
    first = next_after(f"{days};{time_of_day}", now, now, zone)
    interval = f";INTERVAL={every}" if every > 1 else ""
    return f"{days}{interval};{time_of_day}", first


def next_after(rule: str, due: datetime, now: datetime, zone: tzinfo) -> datetime:
    """Say when a rule comes next after now, if `due` is a time at which it came or begins.

    Raises:
        Unclear: it never comes again.
    """
    parts = _parts(rule)
    unit = {"MINUTELY": timedelta(minutes=1), "HOURLY": timedelta(hours=1)}.get(parts["FREQ"])
    if unit is not None:
        step = unit * int(parts["INTERVAL"])
        return due + step * max(1, (now - due) // step + 1)
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - not at the start of the bot

    local = now.astimezone(zone).replace(tzinfo=None)
    dates = rrulestr(rule, dtstart=due.astimezone(zone).replace(tzinfo=None))
    day = dates.after(local)
    while day is not None and in_utc(day, zone) <= now:  # in an hour that clocks show twice
        day = dates.after(day)
    if day is None:
        raise Unclear("That day never comes.")
    return in_utc(day, zone)


def spoken(rule: str) -> str:
    """Say a rule in words."""
    parts = _parts(rule)
    every = int(parts.get("INTERVAL", 1))
    units = {"MINUTELY": "minute", "HOURLY": "hour"} | {v: k for k, v in FREQUENCY.items()}
    unit = units[parts["FREQ"]]
    often = f"every {unit}" if every == 1 else f"every {every} {unit}s"
    if unit in ("minute", "hour"):
        return often
    on = ""
    if "BYDAY" in parts:
        names = {**{v: k for k, v in reversed(KINDS_OF_DAY.items())}}
        days = names.get(parts["BYDAY"]) or _day_names(parts["BYDAY"])
        often, on = (f"every {days}", "") if often == "every week" else (often, f" on {days}")
    elif "BYMONTH" in parts:
        on = f" on {_last(parts)} {MONTHS[int(parts['BYMONTH']) - 1]}"
    elif "BYMONTHDAY" in parts:
        day = _last(parts)
        on = " on its last day" if day < 0 else f" on day {day}"
    at = time(int(parts["BYHOUR"]), int(parts["BYMINUTE"]))
    return f"{often}{on} at {at:%H:%M}"


def _counted(unit: str, every: int, now: datetime) -> tuple[str, datetime]:
    step = timedelta(minutes=every) if unit == "minute" else timedelta(hours=every)
    if step < timedelta(minutes=LEAST_MINUTES):
        raise Unclear(f"A reminder comes at most every {LEAST_MINUTES} minutes.")
    if step > timedelta(hours=MOST_HOURS):
        raise Unclear("That is more than a year; write it in days or years.")
    return f"FREQ={unit.upper()}LY;INTERVAL={every}", now + step


def _days(what: str, local: datetime) -> str | None:
    """Give the days of a rule; None if the words name none."""
    match what.removesuffix("s"):
        case "day":
            return "FREQ=DAILY"
        case "week":
            what = WEEKDAYS[local.weekday()].lower()
        case "month":
            what = f"month {local.day}"
        case "year":
            what = f"{local.day} {MONTHS[local.month - 1].lower()}"
    return _of_week(what) or _of_month(what) or _of_year(what)


def _of_week(what: str) -> str | None:
    kind = KINDS_OF_DAY.get(what.removesuffix("s"))
    if kind is not None:
        return f"FREQ=WEEKLY;BYDAY={kind}"
    found = ON_WEEKDAYS.fullmatch(what)
    if found is None:
        return None
    days = sorted({weekday(day) for day in re.findall(WEEKDAY, found[1])})
    return f"FREQ=WEEKLY;BYDAY={','.join(BY_DAY[day] for day in days)}"


def _of_month(what: str) -> str | None:
    if found := NTH_WEEKDAY.fullmatch(what):
        nth = -1 if found[1] == "last" else count(found[1])
        day = found[2]
        on = f"BYMONTHDAY={nth}" if day == "day" else f"BYDAY={nth}{BY_DAY[weekday(day)]}"
        return f"FREQ=MONTHLY;{on}"
    found = MONTH_DAY.fullmatch(what)
    return None if found is None else f"FREQ=MONTHLY;{_month_day(count(found[1]))}"


def _of_year(what: str) -> str | None:
    found = YEAR_DAY.fullmatch(what)
    if found is None:
        return None
    day, in_month = count(found[1] or found[4]), month(found[2] or found[3])
    if day > calendar.monthrange(2028, in_month)[1]:
        raise Unclear(f"{MONTHS[in_month - 1]} has no day {day}.")
    # Only 29 February needs another day in most years.
    on = _month_day(day) if day == 29 and in_month == 2 else f"BYMONTHDAY={day}"  # noqa: PLR2004 - see above
    return f"FREQ=YEARLY;BYMONTH={in_month};{on}"


def _month_day(day: int) -> str:
    """Name a day of a month, or the last one where a month is shorter."""
    if day <= 28:  # noqa: PLR2004 - every month has as many
        return f"BYMONTHDAY={day}"
    return f"BYMONTHDAY={','.join(map(str, range(28, day + 1)))};BYSETPOS=-1"


def _day_names(by_day: str) -> str:
    nths = {"-1": "the last ", "": ""} | {str(i): f"the {o} " for i, o in enumerate(ORDINALS, 1)}
    names = [f"{nths[each[:-2]]}{WEEKDAYS[BY_DAY.index(each[-2:])]}" for each in by_day.split(",")]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _last(parts: dict[str, str]) -> int:
    return int(parts["BYMONTHDAY"].split(",")[-1])


def _parts(rule: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in rule.split(";"))
