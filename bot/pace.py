"""How fast each person may write: a token bucket for everyone."""

from collections.abc import Callable
from datetime import datetime

MINUTE = 60.0


class Pace:
    """Lets each person send so many messages at once, and as many again in every minute.

    Memory alone holds it: after a restart everybody begins with a full bucket. 0 is no limit.
    """

    def __init__(self, a_minute: int, *, clock: Callable[[], datetime]) -> None:
        self._a_minute = a_minute
        self._clock = clock
        # What is left, and when that was so; who wrote last stands last.
        self._buckets: dict[str, tuple[float, datetime]] = {}

    def take(self, person: str) -> float:
        """Take one message of a person's; else give the seconds until there is one to take."""
        if not self._a_minute:
            return 0
        now = self._clock()
        self._forget_full(now)
        left, since = self._buckets.pop(person, (float(self._a_minute), now))
        each = MINUTE / self._a_minute
        # A clock that was set back gives nothing, and takes nothing.
        left = min(left + max((now - since).total_seconds(), 0) / each, self._a_minute)
        allowed = left >= 1
        self._buckets[person] = (left - allowed, now)
        return 0 if allowed else (1 - left) * each

    def _forget_full(self, now: datetime) -> None:
        """Forget who has not written for a minute: their buckets are full."""
        while self._buckets:
            person, (_, since) = next(iter(self._buckets.items()))
            if (now - since).total_seconds() < MINUTE:
                return
            del self._buckets[person]
