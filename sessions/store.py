"""What keeps live sessions: the protocol that every store passes, and its errors.

SessionStoreError
├── StoreUnreadable    the file is there and is not ours, or is damaged: nothing was changed
├── StoreOwned         another process has it
├── StoreFailed        a change could not be made durable: nobody has seen it
├── NoSuchSession      the id is unknown
├── KeyTaken           another live session has the same person and place
└── SessionInvalid     it breaks a rule of the file, such as metadata over 4 KiB: nothing changed
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from sessions.models import Session, SessionKey


class SessionStoreError(Exception):
    """Something about the live sessions could not be done; the message is one sentence."""


class StoreUnreadable(SessionStoreError):
    """The file cannot be read as sessions, so it is not touched."""


class StoreOwned(SessionStoreError):
    """Another process owns the file."""


class StoreFailed(SessionStoreError):
    """A change did not reach the disk. Nobody sees it, and memory is as before."""


class NoSuchSession(SessionStoreError):
    """No live session has this id."""


class KeyTaken(SessionStoreError):
    """Another live session already belongs to this person in this place."""


class SessionInvalid(SessionStoreError):
    """A session breaks a rule of the file. Nothing changed."""


class SessionStore(Protocol):
    """The live sessions. Each call is atomic, and durable when it returns."""

    async def find(self, key: SessionKey) -> Session | None:
        """Return the session of a person in a place."""
        ...

    async def get(self, session_id: str) -> Session | None:
        """Return the session that has this id."""
        ...

    async def all(self) -> Sequence[Session]:
        """Return every session, the one that was active longest ago first."""
        ...

    async def save(self, session: Session) -> None:
        """Add a session, or replace the one that has its id.

        Raises:
            KeyTaken: another session has the same key.
            SessionInvalid: it breaks a rule of the file; nothing changed.
            StoreFailed: it is not durable; nothing changed.
        """
        ...

    async def change(self, session_id: str, how: Callable[[Session], Session]) -> Session:
        """Read, change and write one session as one step; return what was written.

        `how` is called with the newest state, without waiting for anything. If it raises,
        nothing is written and the error is the caller's. If it returns a session with another
        id, that one takes the place of the old one, in the same step.

        Raises:
            NoSuchSession: there is none with this id.
            KeyTaken, SessionInvalid, StoreFailed: as for `save`.
        """
        ...

    async def remove(self, session_id: str) -> Session | None:
        """Remove a session and return it; None if it was gone already."""
        ...

    async def remove_idle_since(
        self, cutoff: datetime, *, keep: Callable[[Session], bool] = lambda _: False
    ) -> Sequence[Session]:
        """Remove and return the sessions whose last activity is before `cutoff`.

        Sessions with a pending approval, and those that `keep` names, stay. Costs what it
        looks at among the idle ones, not what it leaves.
        """
        ...
