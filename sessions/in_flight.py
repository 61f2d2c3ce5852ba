"""Changes on their way to the disk: what the next change of the same session begins from."""

from sessions.live_sessions import KeyText, LiveSessions, key_of
from sessions.models import Session
from sessions.steps import Step


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
        assert ahead[0].change is not None  # noqa: S101 - `newest` has it
        return ahead[0].change.line

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
        """Take note of a step that was handed over."""
        gone = (step, None)
        if step.removed:
            self._sessions.update(dict.fromkeys((one.session_id for one in step.removed), gone))
            self._owners.update(dict.fromkeys(step.keys, gone))
        if step.change is None:
            return
        before, after = step.change.before, step.change.after
        if before is not None and before.session_id != after.session_id:
            self._sessions[before.session_id] = gone
        self._sessions[after.session_id] = (step, after)
        if not step.change.keeps_owner:
            if before is not None:
                self._owners[key_of(before)] = gone
            self._owners[key_of(after)] = (step, after.session_id)

    def end(self, step: Step) -> None:
        """Forget a step that has arrived, or has failed."""
        for session, key in zip(step.removed, step.keys, strict=True):
            self._end_session(step, session.session_id)
            self._end_owner(step, key)
        if step.change is None:
            return
        before, after = step.change.before, step.change.after
        self._end_session(step, after.session_id)
        if not step.change.keeps_owner:
            self._end_owner(step, key_of(after))
            if before is not None:
                self._end_session(step, before.session_id)
                self._end_owner(step, key_of(before))

    def _end_session(self, step: Step, session_id: str) -> None:
        ahead = self._sessions.get(session_id)
        if ahead is not None and ahead[0] is step:
            del self._sessions[session_id]

    def _end_owner(self, step: Step, key: KeyText) -> None:
        ahead = self._owners.get(key)
        if ahead is not None and ahead[0] is step:
            del self._owners[key]
