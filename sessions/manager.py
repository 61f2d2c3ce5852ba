"""The rules of live sessions: who has one, what it waits for, and when it ends."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from sessions.models import PendingApproval, Session, SessionKey
from sessions.rows import summary
from sessions.store import KeyTaken, NoSuchSession, SessionStore


@dataclass(frozen=True, slots=True)
class Arrival:
    """The session that a message belongs to.

    `opened` says that it is new; `expired` is the one whose place it took, if it did.
    """

    session: Session
    opened: bool
    expired: Session | None = None


class SessionManager:
    """At most one live session for a person in a place, ended after `ttl` without a message."""

    def __init__(
        self, store: SessionStore, *, ttl: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self.store = store
        self._ttl = ttl
        self._clock = clock

    @property
    def ttl(self) -> timedelta:
        """How long a session lives without a message."""
        return self._ttl

    async def arrive(self, key: SessionKey, at: datetime) -> Arrival:
        """Find or open the session of a message that was sent at `at`, in one durable change."""
        while True:
            live = await self.store.find(key)
            try:
                if live is not None:
                    return await self._return(live.session_id, key, at)
                opened = _open(key, at)
                await self.store.save(opened)
            except (KeyTaken, NoSuchSession):
                continue  # another message was quicker: look again
            return Arrival(opened, opened=True)

    async def _return(self, session_id: str, key: SessionKey, at: datetime) -> Arrival:
        expired: Session | None = None

        def move(session: Session) -> Session:
            nonlocal expired
            if at - session.last_activity > self._ttl and not session.pending_approval:
                expired = session
                return _open(key, at)
            return session.active_at(at)

        session = await self.store.change(session_id, move)
        return Arrival(session, opened=expired is not None, expired=expired)

    async def touch(self, session_id: str, at: datetime) -> None:
        """Note that the person did something; a session that is gone stays gone."""
        with suppress(NoSuchSession):
            await self.store.change(session_id, lambda session: session.active_at(at))

    async def find(self, key: SessionKey) -> Session | None:
        """Return the session of a person in a place."""
        return await self.store.find(key)

    async def get(self, session_id: str) -> Session | None:
        """Return the session that has this id."""
        return await self.store.get(session_id)

    async def all(self) -> Sequence[Session]:
        """Return every session, the one that was active longest ago first."""
        return await self.store.all()

    async def park(self, session_id: str, approval: PendingApproval) -> Session:
        """Show that a session waits for an approval; doing it again changes nothing.

        Summaries of actions are brought on one line of at most 200 characters.

        Raises:
            NoSuchSession: there is none with this id.
        """
        shown = replace(approval, actions=tuple(summary(action) for action in approval.actions))

        def add(session: Session) -> Session:
            if any(pending.id == approval.id for pending in session.pending_approval):
                return session
            return replace(session, pending_approval=(*session.pending_approval, shown))

        return await self.store.change(session_id, add)

    async def settle(self, session_id: str, approval_id: str) -> Session | None:
        """Take an approval out of its session; None if the session is gone."""

        def take(session: Session) -> Session:
            left = tuple(p for p in session.pending_approval if p.id != approval_id)
            if len(left) == len(session.pending_approval):
                return session
            return replace(session, pending_approval=left)

        try:
            return await self.store.change(session_id, take)
        except NoSuchSession:
            return None

    async def leave(self, session_id: str, thread_id: str) -> bool:
        """Give a session a new thread if it is still on this one; say whether it was.

        What is pending stays in its row until it is settled.
        """
        left = False

        def begin(session: Session) -> Session:
            nonlocal left
            left = session.thread_id == thread_id
            return replace(session, thread_id=str(uuid4())) if left else session

        with suppress(NoSuchSession):
            await self.store.change(session_id, begin)
        return left

    async def go_on(
        self, session_id: str, thread_id: str, pending: Sequence[PendingApproval]
    ) -> Session:
        """Let a session go on with a thread, and with what is pending there.

        Nobody else may be on it: they `leave` first, so that whenever the process dies a thread
        is open in one session at most.

        Raises:
            NoSuchSession: there is none with this id.
        """

        def join(session: Session) -> Session:
            return replace(session, thread_id=thread_id, pending_approval=tuple(pending))

        return await self.store.change(session_id, join)

    async def move(self, platform: str, old: str, new: str) -> int:
        """Let the sessions of a shared chat go on under its new id; count them.

        One that has begun there already goes on as it is.
        """
        moved = 0
        for session in await self.store.all():
            if session.platform != platform or session.key.chat_id != old:
                continue
            with suppress(NoSuchSession, KeyTaken):
                await self.store.change(session.session_id, lambda each: _moved(each, old, new))
                moved += 1
        return moved

    async def end(self, session_id: str) -> Session | None:
        """Remove a session and return it; None if it was gone already."""
        return await self.store.remove(session_id)

    async def sweep(self, *, keep: Callable[[Session], bool]) -> Sequence[Session]:
        """Remove and return what is idle for longer than `ttl` and waits for nothing.

        Those that `keep` names stay: at the start the trunk names the sessions that have an
        unfinished message.
        """
        return await self.store.remove_idle_since(self._clock() - self._ttl, keep=keep)


def _moved(session: Session, old: str, new: str) -> Session:
    shared = f"{session.platform}_chat_"
    whole_chat = session.user_id == f"{shared}{old}"
    return replace(
        session,
        user_id=f"{shared}{new}" if whole_chat else session.user_id,
        metadata={**session.metadata, "chat_id": new},
    )


def _open(key: SessionKey, at: datetime) -> Session:
    place = {"chat_id": key.chat_id, "topic_id": key.topic_id}
    return Session(
        session_id=str(uuid4()),
        user_id=key.user_id,
        platform=key.platform,
        thread_id=str(uuid4()),
        created_at=at,
        last_activity=at,
        metadata={name: value for name, value in place.items() if value},
    )
