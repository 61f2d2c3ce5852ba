"""Which sessions were active when, so that a sweep costs what it removes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush

from sessions.models import Session


class Timeline:
    """Session ids by the second of their last activity.

    A second holds a set of ids; the seconds themselves are in a heap, so the oldest are found
    without looking at the others. A second that has become empty stays until it is passed.
    """

    def __init__(self) -> None:
        self._ids: dict[int, set[str]] = {}
        self._seconds: list[int] = []

    def add(self, session_id: str, active: datetime) -> None:
        """Take up a session."""
        self.at(active).add(session_id)

    def at(self, active: datetime) -> set[str]:
        """Return the ids of that second, to add to."""
        second = int(active.timestamp())
        ids = self._ids.get(second)
        if ids is None:
            ids = self._ids[second] = set()
            heappush(self._seconds, second)
        return ids

    def discard(self, session_id: str, active: datetime) -> None:
        """Take a session out, given the last activity that it was added with."""
        ids = self._ids.get(int(active.timestamp()))
        if ids is not None:
            ids.discard(session_id)

    def discard_all(self, sessions: Sequence[Session]) -> None:
        """Take sessions out, quickest if they come in the order of their times."""
        second: int | None = None
        ids: set[str] | None = None
        for session in sessions:
            active = int(session.last_activity.timestamp())
            if active != second:
                second = active
                ids = self._ids.get(active)
            if ids is not None:
                ids.discard(session.session_id)

    def move(self, session_id: str, before: datetime, after: datetime) -> None:
        """Take a session from one time to another."""
        old, new = int(before.timestamp()), int(after.timestamp())
        if old != new:
            ids = self._ids.get(old)
            if ids is not None:
                ids.discard(session_id)
            self.add(session_id, after)

    def idle_since(self, cutoff: datetime) -> Iterator[tuple[str, ...]]:
        """Give the ids second by second, oldest first, up to and with that of `cutoff`.

        The timeline may be changed between two steps. Whoever stays is given again next time.
        """
        last = int(cutoff.timestamp())
        passed: list[int] = []
        try:
            while self._seconds and self._seconds[0] <= last:
                second = heappop(self._seconds)
                passed.append(second)
                yield tuple(self._ids[second])
        finally:
            for second in passed:
                if self._ids[second]:
                    heappush(self._seconds, second)
                else:
                    del self._ids[second]
