"""A change of sessions as one record of the journal."""

from collections.abc import Sequence
from dataclasses import dataclass

from sessions.live_sessions import Change, KeyText, key_of
from sessions.models import Session
from sessions.rows import changed_line, id_cells, line_of, text_cell


@dataclass(slots=True, eq=False)
class Step:
    """One record of the journal, and what it changes: one session, or many that are removed.

    `keys` are those of the removed. Without a record it only waits its turn.
    """

    text: str = ""
    change: Change | None = None
    removed: Sequence[Session] = ()
    keys: Sequence[KeyText] = ()


def opening(after: Session) -> Change:
    """Return the change that adds a session.

    Raises:
        SessionInvalid: it breaks a rule of the file.
    """
    return Change(None, after, line_of(after))


def changing(before: Session, line: str, after: Session) -> Change:
    """Return the change that makes another session of one, given its row.

    Raises:
        SessionInvalid: it breaks a rule of the file.
    """
    if before.session_id != after.session_id:
        return Change(before, after, line_of(after))
    keeps_owner = (
        before.user_id == after.user_id
        and before.platform == after.platform
        and before.metadata == after.metadata
    )
    return Change(before, after, changed_line(line, before, after), keeps_owner)


def step_of(change: Change) -> Step:
    """Return the step that makes a change."""
    before = change.before
    if before is None or before.session_id == change.after.session_id:
        return Step(f"put {change.line}", change)
    return Step(f"swap {text_cell('session_id', before.session_id)},{change.line}", change)


def removal_of(sessions: Sequence[Session]) -> Step:
    """Return the step that removes sessions."""
    ids = id_cells([session.session_id for session in sessions])
    return Step(f"remove {ids}", removed=sessions, keys=list(map(key_of, sessions)))
