"""Live sessions in memory alone: for tests, and the store to read first."""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter

from sessions.models import Session, SessionKey
from sessions.rows import line_of
from sessions.store import KeyTaken, NoSuchSession
from sessions.timeline import Timeline


class MemoryStore:
    """A `SessionStore` without a file. Nothing waits, so each call is one step."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._owners: dict[SessionKey, str] = {}
        self._timeline = Timeline()

    async def find(self, key: SessionKey) -> Session | None:
        """Return the session of a person in a place."""
        return self._sessions.get(self._owners.get(key, ""))

    async def get(self, session_id: str) -> Session | None:
        """Return the session that has this id."""
        return self._sessions.get(session_id)

    async def all(self) -> Sequence[Session]:
        """Return every session, the one that was active longest ago first."""
        return sorted(self._sessions.values(), key=attrgetter("last_activity"))

    async def save(self, session: Session) -> None:
        """Add a session, or replace the one that has its id."""
        self._put(self._sessions.get(session.session_id), session)

    async def change(self, session_id: str, how: Callable[[Session], Session]) -> Session:
        """Read, change and write one session as one step; return what was written."""
        before = self._sessions.get(session_id)
        if before is None:
            raise NoSuchSession(f"There is no session {session_id}.")
        after = how(before)
        self._put(before, after)
        return after

    async def remove(self, session_id: str) -> Session | None:
        """Remove a session and return it; None if it was gone already."""
        session = self._sessions.get(session_id)
        if session is not None:
            self._drop(session)
        return session

    async def remove_idle_since(
        self, cutoff: datetime, *, keep: Callable[[Session], bool] = lambda _: False
    ) -> Sequence[Session]:
        """Remove and return the sessions whose last activity is before `cutoff`."""
        removed: list[Session] = []
        for ids in self._timeline.idle_since(cutoff):
            for session_id in ids:
                session = self._sessions[session_id]
                if session.last_activity >= cutoff or session.pending_approval or keep(session):
                    continue
                self._drop(session)
                removed.append(session)
        return removed

    def _put(self, before: Session | None, after: Session) -> None:
        line_of(after)  # the rules of the file hold here too
        for taken in (self._owners.get(after.key), self._sessions.get(after.session_id)):
            taken_id = taken.session_id if isinstance(taken, Session) else taken
            if taken_id is not None and (before is None or taken_id != before.session_id):
                raise KeyTaken(f"Session {taken_id} already belongs to {after.key}.")
        if before is not None:
            self._drop(before)
        self._sessions[after.session_id] = after
        self._owners[after.key] = after.session_id
        self._timeline.at(after.last_activity).add(after.session_id)

    def _drop(self, session: Session) -> None:
        del self._sessions[session.session_id]
        del self._owners[session.key]
        self._timeline.discard([session])
