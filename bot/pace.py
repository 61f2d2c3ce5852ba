"""How fast each person may write: a token bucket for everyone."""

from collections.abc import Callable
from datetime import timedelta

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta()


class Pace:
    """Lets each person send so many messages at once, and as many again in every minute.

    Memory alone holds it: after a restart everybody begins with a full bucket. 0 is no limit.
    `ticks` counts seconds, and is never set: whoever sets the clock makes nobody wait.
    """

    def __init__(self, a_minute: int, *, ticks: Callable[[], float]) -> None:
        self._each = MINUTE // a_minute if a_minute else AT_ONCE
        self._ticks = ticks
        # When a bucket is full again; a message moves that on, at most a minute ahead of now.
        self._full_at: dict[str, timedelta] = {}

    def take(self, person: str) -> timedelta:
        """Take one message of a person's; else say how long it is until there is one to take."""
        if not self._each:
            return AT_ONCE
        now = timedelta(seconds=self._ticks())
        self._forget_full(now)
        full_at = max(self._full_at.pop(person, now), now)
        wait = full_at + self._each - (now + MINUTE)
        self._full_at[person] = full_at if wait > AT_ONCE else full_at + self._each
        return max(wait, AT_ONCE)

    def _forget_full(self, now: timedelta) -> None:
        """Forget the buckets that are full, the one that was used least lately first."""
        while self._full_at:
            person = next(iter(self._full_at))
            if self._full_at[person] > now:
                return
            del self._full_at[person]
