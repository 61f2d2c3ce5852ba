"""A repetition from one time to the next: through summer time, short months and missed days."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.times.reading import following, read_when

PARIS = "Europe/Paris"


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def coming(words: str, zone: str, now: datetime, times: int) -> list[str]:
    """Read a repetition and let it come so many times, each time just when it is due."""
    when = read_when(words, now, zone)
    found, due = [], when.due_at
    for _ in range(times):
        found.append(f"{due:%Y-%m-%d %H:%M}")
        after = following(when.rule, due, due + timedelta(seconds=1), zone)
        assert after is not None
        due = after
    return found


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        (PARIS, "2027-03-26 12:00", [8, 7, 7]),
        (PARIS, "2026-10-23 12:00", [7, 8, 8]),
        ("America/New_York", "2027-03-12 18:00", [14, 13, 13]),
        ("Australia/Sydney", "2027-04-02 00:00", [22, 23, 23]),
        ("Asia/Kolkata", "2027-03-26 12:00", [3, 3, 3]),
        ("", "2027-03-26 12:00", [9, 9, 9]),
    ],
)
def test_nine_stays_nine_when_summer_time_begins_or_ends(
    zone: str, now: str, hours: list[int]
) -> None:
    found = coming("every day at 9", zone, at(now), 3)
    assert [int(each[11:13]) for each in found] == hours


def test_a_time_that_clocks_leap_over_comes_later_that_day_alone() -> None:
    found = coming("every day at 2:30", PARIS, at("2027-03-27 00:00"), 3)
    assert found == ["2027-03-27 01:30", "2027-03-28 01:30", "2027-03-29 00:30"]


def test_a_time_that_clocks_show_twice_comes_once() -> None:
    found = coming("every day at 2:30", PARIS, at("2026-10-24 00:00"), 3)
    assert found == ["2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"]
    second = following("FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0", at("2026-10-25 00:30"),
                       at("2026-10-25 01:15"), PARIS)  # fmt: skip
    assert second == at("2026-10-26 01:30")


def test_hours_are_counted_through_a_change_of_clocks() -> None:
    found = coming("every 2 hours", PARIS, at("2026-10-24 23:00"), 3)
    assert found == ["2026-10-25 01:00", "2026-10-25 03:00", "2026-10-25 05:00"]


def test_every_other_week_keeps_its_week_also_when_one_was_missed() -> None:
    now = at("2026-11-21 12:00")
    assert coming("every other Monday", "", now, 3) == [
        "2026-11-23 09:00", "2026-12-07 09:00", "2026-12-21 09:00",
    ]  # fmt: skip
    when = read_when("every other Monday", now, "")
    late = following(when.rule, when.due_at, at("2026-12-15 10:00"), "")
    assert late == at("2026-12-21 09:00")


def test_the_last_day_takes_the_place_of_one_that_a_month_does_not_have() -> None:
    assert coming("every month on the 31st", "", at("2027-01-15 00:00"), 4) == [
        "2027-01-31 09:00", "2027-02-28 09:00", "2027-03-31 09:00", "2027-04-30 09:00",
    ]  # fmt: skip
    assert coming("every 29 February", "", at("2027-01-15 00:00"), 3) == [
        "2027-02-28 09:00", "2028-02-29 09:00", "2029-02-28 09:00",
    ]  # fmt: skip


def test_what_comes_every_few_minutes_is_not_made_up_for() -> None:
    when = read_when("every 10 minutes", at("2026-11-21 12:00"), "")
    assert following(when.rule, when.due_at, at("2027-11-21 12:13"), "") == at("2027-11-21 12:20")


def test_what_comes_once_does_not_come_again() -> None:
    now = at("2026-11-21 12:00")
    when = read_when("in 10 minutes", now, "")
    assert following(when.rule, when.due_at, when.due_at, "") is None
