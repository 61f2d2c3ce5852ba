"""A clock that stands still until it is moved on."""

from datetime import UTC, datetime, timedelta

import pytest


class Clock:
    """Tells the same time until a test lets time pass."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give every bot that is opened from now on this clock."""
    clock = Clock()
    monkeypatch.setattr("bot.app.now", clock)
    return clock
