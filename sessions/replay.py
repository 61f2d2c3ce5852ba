"""A change as the journal writes it, made again."""

import csv

from sessions.live_sessions import Change, LiveSessions, key_of
from sessions.rows import session_of, text_cell, unescaped


def replay(live: LiveSessions, text: str) -> None:
    """Make the change of one record.

    Raises:
        ValueError: it is no change.
    """
    what, _, data = text.partition(" ")
    if what == "put":
        after = session_of(data)
        live.apply(Change(live.get(after.session_id), after, data))
    elif what == "swap":
        old = unescaped(next(csv.reader([data]))[0])
        row = data[len(text_cell("session_id", old)) + 1 :]
        live.apply(Change(live.get(old), session_of(row), row))
    elif what == "remove":
        found = [live.get(unescaped(session_id)) for session_id in next(csv.reader([data]))]
        sessions = [session for session in found if session is not None]
        live.remove(sessions, [key_of(session) for session in sessions])
    else:
        raise ValueError(f"{what!r} is no change")
