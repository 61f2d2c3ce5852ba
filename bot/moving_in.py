"""Live sessions of another bot: those that have not ended go on here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.contract import Address
from bot.addresses import session_key
from sessions.manager import SessionManager
from sessions.migrating.found import Live, Remarks
from sessions.migrating.session_tables import people_of
from sessions.migrating.staging import Staged, id_of
from sessions.migrating.whose import Whose
from sessions.models import Session
from sessions.rows import line_of
from sessions.store import KeyTaken, SessionInvalid

IDLE = (
    "They have been idle for longer than SESSION_TTL_MINUTES. /resume goes on with what was said."
)
IS_HERE = "The same session is here already."
HAS_ONE = "Its person has another session here by now."
STRANGER = "Nobody says who that is here; say --as or --people."

MOVED_IN = "moved_in"
"""In the metadata of such a session: its last activity then, to see whether it is in use."""


class MovingIn:
    """Decides which sessions go on here, opens them, and ends them again."""

    def __init__(self, sessions: SessionManager, *, clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    def beside(self, whose: Whose, rows: Sequence[Live]) -> Whose:
        """Let sessions say whose the conversations of the same ids are."""
        known = {
            key: person
            for key, who in people_of(rows)
            if key and (person := whose.of(key, who)) and who
        }
        return replace(whose, people={**known, **whose.people})

    async def plan(
        self, rows: Sequence[Live], staged: Staged, remarks: Remarks
    ) -> Sequence[Session]:
        """Give the sessions that are to be opened; of all others it is said why they are not."""
        now = self._clock()
        live = await self._sessions.all()
        ids = {each.session_id for each in live}
        keys = {each.key for each in live}
        threads = {each.thread_id for each in live}
        opening: list[Session] = []
        for row in sorted(rows, key=lambda each: each.session.last_activity, reverse=True):
            session = self._session(row, staged, now)
            what = f"session {row.session.session_id}"
            if row.session.session_id in ids:
                remarks.leave_out(what, IS_HERE)
            elif now - row.session.last_activity > self._sessions.ttl:
                remarks.leave_out("sessions", IDLE)
            elif session is None:
                remarks.leave_out(what, STRANGER)
            elif session.key in keys or session.thread_id in threads:
                remarks.leave_out(what, HAS_ONE)
            else:
                try:
                    line_of(session)
                except SessionInvalid as error:
                    remarks.leave_out(what, str(error))
                    continue
                opening.append(session)
                ids.add(session.session_id)
                keys.add(session.key)
                threads.add(session.thread_id)
        return opening

    async def open(self, session: Session) -> None:
        """Open a session; one whose person has come in the meantime stays as it is."""
        try:
            if await self._sessions.get(session.session_id) is None:
                await self._sessions.store.save(session)
        except KeyTaken:
            return

    async def leave(self, session_ids: Sequence[str]) -> tuple[int, Sequence[str]]:
        """End sessions that came from elsewhere; count them, and name those that are in use."""
        ended, in_use = 0, []
        for session_id in session_ids:
            session = await self._sessions.get(session_id)
            if session is None:
                continue
            if session.metadata.get(MOVED_IN) != session.last_activity.isoformat():
                in_use.append(session_id)
                continue
            await self._sessions.end(session_id)
            ended += 1
        return ended, in_use

    def _session(self, row: Live, staged: Staged, now: datetime) -> Session | None:
        """Give a session as it is here; None if nobody knows whose it is."""
        found = row.session
        last = min(found.last_activity, now)
        kept = {**found.metadata, MOVED_IN: last.isoformat()}
        if found.user_id.startswith(f"{found.platform}_chat_") and found.platform:
            user_id, platform, person = found.user_id, found.platform, found.user_id
        elif row.person:
            platform, _, user = row.person.partition(":")
            key = session_key(Address(platform, user, user))
            user_id, person = key.user_id, row.person
            if key.chat_id:
                kept["chat_id"] = key.chat_id
        else:
            return None
        thread = staged.threads.get((person, found.session_id)) or staged.threads.get(
            (person, found.thread_id), id_of("thread", person, found.thread_id)
        )
        began = min(found.created_at, last)
        return Session(found.session_id, user_id, platform, thread, began, last, (), kept)
