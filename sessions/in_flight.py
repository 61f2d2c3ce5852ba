"""Changes on their way to the disk: what the next change of the same session begins from."""

from dataclasses import dataclass

from sessions.live_sessions import Change, KeyText, LiveSessions, key_of
from sessions.models import Session


@dataclass(slots=True, eq=False)
class Step:
    """One record of the journal, and what it changes. Without a record it only waits its turn."""

    text: str = ""
    changes: tuple[Change, ...] = ()


class InFlight:
    """Sees the live sessions as they will be when everything on its way has arrived."""

    def __init__(self, live: LiveSessions) -> None:
        self._live = live
        self._sessions: dict[str, tuple[Step, Session | None]] = {}
        self._owners: dict[KeyText, tuple[Step, str | None]] = {}

    def newest(self, session_id: str) -> Session | None:
        """Return the session as its last change will leave it."""
        ahead = self._sessions.get(session_id)
        return self._live.get(session_id) if ahead is None else ahead[1]

    def line(self, session_id: str) -> str:
        """Return the row of a session that `newest` has."""
        ahead = self._sessions.get(session_id)
        if ahead is None:
            return self._live.by_id[session_id]
        return next(one.line for one in ahead[0].changes if one.line)

    def owner(self, key: KeyText) -> str | None:
        """Return the id of the session that a person in a place will have."""
        ahead = self._owners.get(key)
        return self._live.owner(key) if ahead is None else ahead[1]

    def has(self, session_id: str) -> bool:
        """Say whether a change of this session is on its way."""
        return session_id in self._sessions

    def has_owner(self, key: KeyText) -> bool:
        """Say whether it is on its way whose this person and place are."""
        return key in self._owners

    def begin(self, step: Step) -> None:
        """Take note of changes that were handed over."""
        for change in step.changes:
            before, after = change.before, change.after
            if before is not None and (after is None or before.session_id != after.session_id):
                self._sessions[before.session_id] = (step, None)
            if after is not None:
                self._sessions[after.session_id] = (step, after)
            if change.keeps_owner:
                continue
            if before is not None:
                self._owners[key_of(before)] = (step, None)
            if after is not None:
                self._owners[key_of(after)] = (step, after.session_id)

    def end(self, step: Step) -> None:
        """Forget changes that have arrived, or have failed."""
        for change in step.changes:
            for session in (change.before, change.after):
                if session is None:
                    continue
                ahead = self._sessions.get(session.session_id)
                if ahead is not None and ahead[0] is step:
                    del self._sessions[session.session_id]
                if self._owners:
                    key = key_of(session)
                    owner = self._owners.get(key)
                    if owner is not None and owner[0] is step:
                        del self._owners[key]
