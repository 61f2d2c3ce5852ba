"""What people write when they say when, and the moment that they mean."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from bot.times.reading import read_when, shown_rule
from bot.times.words import Unclear
from tests.architecture.sources import ROOT

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""A Saturday; in Paris it is 13:00, in Kolkata 17:30, in New York 7:00."""


def local(words: str, zone: str = "", now: datetime = NOON) -> str:
    """Read words, and give the moment as it is in UTC."""
    return f"{read_when(words, now, zone).due_at:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("in 10 minutes", "2026-11-21 12:10:00"),
        ("In ten minutes.", "2026-11-21 12:10:00"),
        ("in 90 seconds", "2026-11-21 12:01:30"),
        ("in an hour and a half", "2026-11-21 13:30:00"),
        ("in half an hour", "2026-11-21 12:30:00"),
        ("in a quarter of an hour", "2026-11-21 12:15:00"),
        ("in 1h30m", "2026-11-21 13:30:00"),
        ("in 2 hours and 10 minutes", "2026-11-21 14:10:00"),
        ("in forty-five minutes", "2026-11-21 12:45:00"),
        ("10 minutes from now", "2026-11-21 12:10:00"),
        ("in two days", "2026-11-23 12:00:00"),
        ("in 3 weeks at 8:30", "2026-12-12 08:30:00"),
        ("tomorrow", "2026-11-22 09:00:00"),
        ("tomorrow at 9", "2026-11-22 09:00:00"),
        ("tomorrow 9am", "2026-11-22 09:00:00"),
        ("Tomorrow at 9:30 p.m.", "2026-11-22 21:30:00"),
        ("tomorrow at half past nine", "2026-11-22 09:30:00"),
        ("tomorrow at quarter to 9", "2026-11-22 08:45:00"),
        ("tomorrow at 9 o'clock", "2026-11-22 09:00:00"),
        ("tomorrow evening at 7", "2026-11-22 19:00:00"),
        ("the day after tomorrow at noon", "2026-11-23 12:00:00"),
        ("tonight", "2026-11-21 20:00:00"),
        ("tonight at 8", "2026-11-21 20:00:00"),
        ("tonight at midnight", "2026-11-22 00:00:00"),
        ("this afternoon", "2026-11-21 15:00:00"),
        ("at 17:00", "2026-11-21 17:00:00"),
        ("at 11:00", "2026-11-22 11:00:00"),
        ("Monday", "2026-11-23 09:00:00"),
        ("on Monday at 17:30", "2026-11-23 17:30:00"),
        ("Saturday at 15:00", "2026-11-21 15:00:00"),
        ("Saturday at 11:00", "2026-11-28 11:00:00"),
        ("next Saturday at 15:00", "2026-11-28 15:00:00"),
        ("on 3 March at noon", "2027-03-03 12:00:00"),
        ("March 3rd at 5pm", "2027-03-03 17:00:00"),
        ("Wednesday, the 3rd of March, 2027 at 9", "2027-03-03 09:00:00"),
        ("21 November at 15:00", "2026-11-21 15:00:00"),
        ("20 November", "2027-11-20 09:00:00"),
        ("29 February", "2028-02-29 09:00:00"),
        ("25.12.", "2026-12-25 09:00:00"),
        ("12/25/2026 at 8am", "2026-12-25 08:00:00"),
        ("2027-03-03 09:00", "2027-03-03 09:00:00"),
        ("at 2027-03-03 09:00", "2027-03-03 09:00:00"),
        ("2027-03-03T09:00", "2027-03-03 09:00:00"),
        ("2027-03-03T09:00:00", "2027-03-03 09:00:00"),
        ("on the 5th", "2026-12-05 09:00:00"),
        ("next month", "2026-12-21 09:00:00"),
    ],
)
def test_words_mean_a_moment(words: str, moment: str) -> None:
    assert local(words) == moment


@pytest.mark.parametrize(
    ("words", "zone", "moment"),
    [
        ("tomorrow at 9", "Europe/Paris", "2026-11-22 08:00:00"),
        ("tomorrow at 9", "Asia/Kolkata", "2026-11-22 03:30:00"),
        ("tomorrow at 9", "America/New_York", "2026-11-22 14:00:00"),
        # For some it is tomorrow already.
        ("tomorrow at 9", "Pacific/Kiritimati", "2026-11-22 19:00:00"),
        ("at 6", "America/New_York", "2026-11-22 11:00:00"),
        ("at 8", "America/New_York", "2026-11-21 13:00:00"),
        ("in 10 minutes", "Asia/Kolkata", "2026-11-21 12:10:00"),
        ("on 3 July at noon", "Europe/Paris", "2027-07-03 10:00:00"),
    ],
)
def test_the_clock_is_that_of_the_person(words: str, zone: str, moment: str) -> None:
    assert local(words, zone) == moment


@pytest.mark.parametrize(
    ("now", "words", "moment"),
    [
        # In Paris it is 01:30; at 02:00 clocks leap to 03:00.
        ("2027-03-28 00:30", "in 1 hour", "2027-03-28 01:30:00"),
        ("2027-03-28 00:30", "in 1 day", "2027-03-28 23:30:00"),
        ("2027-03-28 00:30", "at 2:30", "2027-03-28 01:30:00"),
        ("2027-03-27 12:00", "tomorrow at 9", "2027-03-28 07:00:00"),
        # In Paris it is 01:30 in summer; at 03:00 clocks go back to 02:00.
        ("2026-10-24 23:30", "in 2 hours", "2026-10-25 01:30:00"),
        ("2026-10-24 23:30", "at 2:30", "2026-10-25 00:30:00"),
        ("2026-10-24 23:30", "at 9", "2026-10-25 08:00:00"),
        # It is 02:40 for the first time; 02:30 comes again, and has been.
        ("2026-10-25 00:40", "at 2:30", "2026-10-26 01:30:00"),
    ],
)
def test_hours_are_counted_and_clocks_are_followed_when_they_change(
    now: str, words: str, moment: str
) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert local(words, "Europe/Paris", at) == moment


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "no time that I can read"),
        ("sometime", "no time that I can read. Write for example: in 10 minutes"),
        ("when I am home", "no time that I can read"),
        ("in a few minutes", "no time that I can read"),
        ("tomorrow at 9 and at 17", "no time that I can read"),
        ("tomorrow at 9 EST", "no time that I can read"),
        ("in 2 hours at 9", "no time that I can read"),
        ("in -5 minutes", "no time that I can read"),
        ("in 99999999999 hours", "no time that I can read"),
        ("tomorrow " * 50, "no time that I can read"),
        ("tomorrow at 25:00", "no time of the day such as 'at 25:00'"),
        ("at 13pm", "no time of the day such as 'at 13pm'"),
        ("3/4 at 9", "may mean two days: write the month as a word"),
        ("31 February", "no day such as '31 february'"),
        ("the 32nd", "no day 32"),
        ("Tuesday 23 November", "23 November 2026 is a Monday"),
        ("today at 9", "'today at 9' is over: it is Saturday, 21 November 2026 at 12:00 (UTC)"),
        ("1 January 2025", "is over"),
        ("in 0 minutes", "is over"),
        ("in 20 years", "more than ten years away"),
        ("every hour at 9", "no time that I can read"),
        ("every day except Sunday", "no time that I can read"),
        ("every 0 days", "no time that I can read"),
        ("every 3", "no time that I can read"),
        ("every minute", "at most every 5 minutes"),
        ("every 31 April", "April has no day 31"),
        ("every 9999 hours", "more than a year"),
    ],
)
def test_what_is_unclear_or_over_is_said_in_a_sentence(words: str, sentence: str) -> None:
    with pytest.raises(Unclear) as refused:
        read_when(words, NOON, "")
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("words", "rule", "first"),
    [
        ("every Monday", "every Monday at 09:00 (UTC)", "2026-11-23 09:00"),
        ("every day at 8:30", "every day at 08:30 (UTC)", "2026-11-22 08:30"),
        ("daily at 17:00", "every day at 17:00 (UTC)", "2026-11-21 17:00"),
        ("every morning", "every day at 09:00 (UTC)", "2026-11-22 09:00"),
        ("every evening at 7", "every day at 19:00 (UTC)", "2026-11-21 19:00"),
        ("every other day at noon", "every 2 days at 12:00 (UTC)", "2026-11-22 12:00"),
        ("every weekday at 9", "every weekday at 09:00 (UTC)", "2026-11-23 09:00"),
        ("weekends", "every weekend at 09:00 (UTC)", "2026-11-22 09:00"),
        (
            "every Monday, Wednesday and Friday at 6pm",
            "every Monday, Wednesday and Friday at 18:00 (UTC)",
            "2026-11-23 18:00",
        ),
        ("on Fridays at 17:00", "every Friday at 17:00 (UTC)", "2026-11-27 17:00"),
        ("every other Monday", "every 2 weeks on Monday at 09:00 (UTC)", "2026-11-23 09:00"),
        ("every 2 weeks on Friday", "every 2 weeks on Friday at 09:00 (UTC)", "2026-11-27 09:00"),
        ("every week", "every Saturday at 09:00 (UTC)", "2026-11-28 09:00"),
        ("on the 1st of every month", "every month on day 1 at 09:00 (UTC)", "2026-12-01 09:00"),
        ("every month on the 31st", "every month on day 31 at 09:00 (UTC)", "2026-11-30 09:00"),
        (
            "the first Monday of every month",
            "every month on the first Monday at 09:00 (UTC)",
            "2026-12-07 09:00",
        ),
        (
            "every last day of the month",
            "every month on its last day at 09:00 (UTC)",
            "2026-11-30 09:00",
        ),
        ("every 3 months on the 5th", "every 3 months on day 5 at 09:00 (UTC)", "2026-12-05 09:00"),
        ("every 3 March", "every year on 3 March at 09:00 (UTC)", "2027-03-03 09:00"),
        ("every 29 February", "every year on 29 February at 09:00 (UTC)", "2027-02-28 09:00"),
        ("every year", "every year on 21 November at 09:00 (UTC)", "2027-11-21 09:00"),
        ("every 2 hours", "every 2 hours", "2026-11-21 14:00"),
        ("hourly", "every hour", "2026-11-21 13:00"),
        ("every 10 minutes", "every 10 minutes", "2026-11-21 12:10"),
    ],
)
def test_words_mean_a_repetition(words: str, rule: str, first: str) -> None:
    when = read_when(words, NOON, "")
    assert shown_rule(when.rule, "") == rule
    assert f"{when.due_at:%Y-%m-%d %H:%M}" == first


def test_the_bot_starts_without_waiting_for_what_reads_calendars() -> None:
    code = "import bot.app, sys; print({'dateparser', 'dateutil'} & set(sys.modules))"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "set()"
