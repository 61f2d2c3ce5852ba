"""Which sessions were active when, so that a sweep costs what it removes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush

from sessions.models import Session

#: Sessions that were active within these seconds are looked at together.
SPAN_SECONDS = 10


class Timeline:
    """Session ids by the time of their last activity, to ten seconds.

    Each span of time holds a set of ids; the spans themselves are in a heap, so the oldest are
    found without looking at the others. A span that has become empty stays until it is passed.
    """

    def __init__(self) -> None:
        self._ids: dict[int, set[str]] = {}
        self._spans: list[int] = []

    def at(self, active: datetime) -> set[str]:
        """Return the ids of that time, to add to."""
        span = _span(active)
        ids = self._ids.get(span)
        if ids is None:
            ids = self._ids[span] = set()
            heappush(self._spans, span)
        return ids

    def discard(self, sessions: Sequence[Session]) -> None:
        """Take sessions out: quickest if they come in the order of their times."""
        last: int | None = None
        ids: set[str] | None = None
        for session in sessions:
            span = _span(session.last_activity)
            if span != last:
                last = span
                ids = self._ids.get(span)
            if ids is not None:
                ids.discard(session.session_id)

    def move(self, session_id: str, before: datetime, after: datetime) -> None:
        """Take a session from one time to another."""
        span = _span(before)
        if span != _span(after):
            ids = self._ids.get(span)
            if ids is not None:
                ids.discard(session_id)
            self.at(after).add(session_id)

    def idle_since(self, cutoff: datetime) -> Iterator[tuple[str, ...]]:
        """Give the ids span by span, oldest first, up to and with that of `cutoff`.

        The timeline may be changed between two steps. Whoever stays is given again next time.
        """
        last = _span(cutoff)
        passed: list[int] = []
        try:
            while self._spans and self._spans[0] <= last:
                span = heappop(self._spans)
                passed.append(span)
                yield tuple(self._ids[span])
        finally:
            for span in passed:
                if self._ids[span]:
                    heappush(self._spans, span)
                else:
                    del self._ids[span]


def _span(at: datetime) -> int:
    return int(at.timestamp()) // SPAN_SECONDS
