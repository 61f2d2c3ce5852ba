"""What the bot does for one platform beside handling what arrives: who may come in, and more."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from adapters.contract import Address, ApprovalRequest, Refused
from bot.alarms import Alarms
from bot.approvals import Approvals
from bot.cards import as_request
from sessions.arrivals import Arrivals, SetAside
from sessions.guests import Guests
from sessions.manager import SessionManager
from sessions.moving import Moving

log = structlog.get_logger(__name__)

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8  # 32 ** 8 is 2 ** 40, and a code lives for an hour
CODE_LIVES = timedelta(hours=1)
MOST_CODES = 100
"""Codes that may wait at once on all platforms: a crowd of strangers does not fill the disk."""

TOLD_AGAIN = timedelta(days=1)
"""A stranger is told so often at most that they may not speak here."""

AWAY = "I am sorry, but I only talk to people whom my operator has let in."


@dataclass(frozen=True, slots=True)
class Doors:
    """Who may come in on a platform; with all of it empty and no pairing, everybody may.

    A `pairs` door gives strangers a code that an operator may accept.
    """

    users: frozenset[str] = frozenset()
    chats: frozenset[str] = frozenset()
    servers: frozenset[str] = frozenset()
    pairs: bool = False

    @property
    def open(self) -> bool:
        """Whether nobody is turned away."""
        return not (self.users or self.chats or self.servers or self.pairs)


@dataclass(frozen=True)
class Stores:
    """Where a reception keeps what it must not lose."""

    guests: Guests
    arrivals: Arrivals
    moving: Moving
    sessions: SessionManager


class PlatformReception:
    """`adapters.platform.Reception` of one platform."""

    def __init__(
        self,
        platform: str,
        doors: Doors,
        stores: Stores,
        *,
        admins: frozenset[str],
        alarms: Alarms,
        approvals: Approvals,
        clock: Callable[[], datetime],
    ) -> None:
        self._platform = platform
        self._doors = doors
        self._stores = stores
        self._admins = admins
        self._alarms = alarms
        self._approvals = approvals
        self._clock = clock

    async def turned_away(self, sender: Address, *, server: str = "") -> str | None:
        """Say why this person may not speak here; None lets them in, and empty is silence."""
        doors = self._doors
        invited = (
            doors.open
            or sender.user_id in doors.users
            or sender.chat_id in doors.chats
            or server in doors.servers
            or sender.person in self._admins
        )
        if invited:
            return None
        guest = await self._stores.guests.get(sender.person)
        if guest is not None and guest.accepted_at is not None:
            return None
        now = self._clock()
        if guest is not None:
            valid = guest.expires_at is not None and now < guest.expires_at
            if valid or now - guest.told_at < (CODE_LIVES if doors.pairs else TOLD_AGAIN):
                return ""
        if not sender.direct and not doors.pairs:
            return ""  # in a shared chat a line for every stranger would be noise
        return await self._tell(sender, now)

    async def _tell(self, sender: Address, now: datetime) -> str:
        guests = self._stores.guests
        # A code is a secret between the person and the operator: a shared chat does not see it.
        if not (self._doors.pairs and sender.direct and await guests.waiting(now) < MOST_CODES):
            await guests.tell(sender.person, at=now, code="", expires_at=None)
            return AWAY if sender.direct else ""
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        await guests.tell(sender.person, at=now, code=code, expires_at=now + CODE_LIVES)
        log.info("a stranger asked to be let in", person=sender.person)
        return (
            f"{AWAY} Give them this code within an hour: {code}\n"
            f"They let you in with: python -m bot pair accept {code}"
        )

    async def set_aside(self, update_id: str, content: str, reason: str) -> None:
        """Keep something that arrived and cannot be handled, and tell the operator."""
        now = self._clock()
        what = SetAside(self._platform, update_id, content, reason, now)
        await self._stores.arrivals.set_aside(what)
        log.error("something that arrived was set aside", platform=self._platform, id=update_id)
        self._alarms.set_aside(self._platform)

    async def keep(self, update_id: str, content: str) -> None:
        """Keep something that arrived until it is released."""
        await self._stores.arrivals.keep(self._platform, update_id, content)

    async def kept(self) -> Sequence[str]:
        """Give what is kept, in the order in which it came."""
        return await self._stores.arrivals.kept(self._platform)

    async def release(self, update_id: str) -> None:
        """Keep something no more: it was handled."""
        await self._stores.arrivals.release(self._platform, update_id)

    async def moved(self, chat_id: str, new_chat_id: str) -> None:
        """Let all that belongs to a shared chat belong to the one that it has become."""
        stores = self._stores
        rows = await stores.moving.move(self._platform, chat_id, new_chat_id)
        sessions = await stores.sessions.move(self._platform, chat_id, new_chat_id)
        log.info("a chat has moved", platform=self._platform, sessions=sessions, rows=rows)

    async def marks(self) -> Mapping[str, str]:
        """Give up to which message each chat is stored."""
        return await self._stores.arrivals.marks(self._platform)

    async def mark(self, chat_id: str, message_id: str) -> None:
        """Note up to which message a chat is stored."""
        await self._stores.arrivals.mark(self._platform, chat_id, message_id)

    async def asked(self, approval_id: str) -> ApprovalRequest | None:
        """Give an open approval as its card shows it."""
        record = await self._approvals.records.get(approval_id)
        return as_request(record) if record is not None and record.decided_at is None else None

    async def refused(self, approval_id: str, by: Address) -> Refused | None:
        """Say why this person cannot decide about an approval at the moment."""
        return await self._approvals.refusal(approval_id, by.person)

    async def taken(self, chat_id: str, message_ids: Sequence[str]) -> Collection[str]:
        """Say which of these messages are stored already."""
        return await self._stores.arrivals.taken(self._platform, chat_id, message_ids)
