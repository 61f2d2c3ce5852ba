"""What the CSV store holds in memory: each session as its row, found by id, person or time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sessions.models import Session, SessionKey
from sessions.rows import session_of
from sessions.timeline import Timeline

_AT_ONCE = 250
#: A direct chat is a text, any other place four of them: most sessions are direct chats.
KeyText = str | tuple[str, str, str, str]


def key_text(platform: str, user_id: str, chat_id: str = "", topic_id: str = "") -> KeyText:
    """Return what finds the session of a person in a place, in little memory."""
    if chat_id or topic_id:
        return platform, user_id, chat_id, topic_id
    return f"{platform}\n{user_id}"


def key_of(session: Session) -> KeyText:
    """Return what finds this session by its person and place."""
    if not session.metadata:
        return f"{session.platform}\n{session.user_id}"
    key = session.key
    return key_text(key.platform, key.user_id, key.chat_id, key.topic_id)


@dataclass(slots=True)
class Change:
    """What becomes of one session. `line` is the row of `after`.

    `keeps_owner` says that it is the same session, of the same person in the same place.
    """

    before: Session | None
    after: Session
    line: str
    keeps_owner: bool = False


class LiveSessions:
    """Rows of text, because a row costs half the memory of a Session and is written as it is."""

    def __init__(self) -> None:
        #: The rows by id, in the order of the file; ids by key; ids by time. Reading the file
        #: fills them at once, everybody else calls the methods.
        self.by_id: dict[str, str] = {}
        self.owners: dict[KeyText, str] = {}
        self.timeline = Timeline()
        #: What has changed since the rows were last taken, so that it need not be read again.
        self._recent: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self.by_id)

    def get(self, session_id: str) -> Session | None:
        """Return the session that has this id."""
        session = self._recent.get(session_id)
        if session is not None:
            return session
        line = self.by_id.get(session_id)
        return None if line is None else session_of(line)

    def find(self, key: SessionKey) -> Session | None:
        """Return the session of a person in a place."""
        owner = self.owner(key_text(key.platform, key.user_id, key.chat_id, key.topic_id))
        return None if owner is None else self.get(owner)

    def owner(self, key: KeyText) -> str | None:
        """Return the id of the session of a person in a place."""
        return self.owners.get(key)

    def take_lines(self) -> list[str]:
        """Return every row, in the order of the file, to write them."""
        self._recent = {}
        return self.lines()

    def lines(self) -> list[str]:
        """Return every row, in the order of the file."""
        return list(self.by_id.values())

    def add(self, session_id: str, key: KeyText, active: datetime, line: str) -> bool:
        """Take up a row; False, and nothing happens, if its id or its key is there already."""
        if session_id in self.by_id or key in self.owners:
            return False
        self.by_id[session_id] = line
        self.owners[key] = session_id
        self.timeline.at(active).add(session_id)
        return True

    def apply(self, change: Change) -> None:
        """Make one change."""
        before, after = change.before, change.after
        if before is None or before.session_id != after.session_id:
            if before is not None:
                self.remove([before], [key_of(before)])
            self.add(after.session_id, key_of(after), after.last_activity, change.line)
            return
        self.by_id[after.session_id] = change.line  # stays where it is in the file
        self._recent[after.session_id] = after
        if before.last_activity != after.last_activity:
            self.timeline.move(after.session_id, before.last_activity, after.last_activity)
        if not change.keeps_owner:
            if self.owners.get(key_of(before)) == before.session_id:
                del self.owners[key_of(before)]
            self.owners[key_of(after)] = after.session_id

    def remove(self, sessions: Sequence[Session], keys: Sequence[KeyText]) -> None:
        """Take out sessions that are there, given their keys."""
        by_id, owners, recent = self.by_id, self.owners, self._recent
        for session, key in zip(sessions, keys, strict=True):
            session_id = session.session_id
            del by_id[session_id]
            if recent:
                recent.pop(session_id, None)
            if owners.get(key) == session_id:
                del owners[key]
        self.timeline.discard(sessions)

    def idle_since(self, cutoff: datetime) -> Iterator[Sequence[Session]]:
        """Give the sessions that were active before `cutoff`, oldest first, some at once.

        The sessions may be changed between two steps.
        """
        by_id = self.by_id
        for ids in self.timeline.idle_since(cutoff):
            for start in range(0, len(ids), _AT_ONCE):
                part = ids[start : start + _AT_ONCE]
                if self._recent:
                    found = [one for one in map(self.get, part) if one is not None]
                else:
                    found = [session_of(by_id[one]) for one in part if one in by_id]
                yield [one for one in found if one.last_activity < cutoff]
