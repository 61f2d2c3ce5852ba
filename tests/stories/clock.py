"""A clock that stands still until it is moved on."""

from datetime import UTC, datetime, timedelta

import pytest


class Clock:
    """Tells the same time until a test lets time pass."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)
        self.seconds += timedelta(**time).total_seconds()

    def is_set(self, **by: float) -> None:
        """Let somebody set it, while no time passes."""
        self.now += timedelta(**by)

    def ticks(self) -> float:
        return self.seconds


def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give every bot that is opened from now on this clock."""
    clock = Clock()
    monkeypatch.setattr("bot.app.now", clock)
    monkeypatch.setattr("bot.app.ticks", clock.ticks)
    return clock
