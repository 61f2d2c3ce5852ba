"""Which session a message belongs to, and the way back that is named when it is a new one."""

from collections.abc import Sequence

from adapters.contract import Address, Notice
from bot.addresses import GroupSessions, address_of, owner_of, place_of, session_key
from bot.agent.attachments import Saying
from bot.slots import lasting
from bot.streams import Sink
from sessions.conversations import Conversations
from sessions.files import File
from sessions.manager import Arrival, SessionManager
from sessions.models import Conversation, Message, Place, Session

MOST_LISTED = 10
"""Earlier conversations that /resume lists."""


class Arrivals:
    """Finds or opens sessions; nobody loses an earlier conversation without being told."""

    def __init__(
        self, sessions: SessionManager, conversations: Conversations, groups: GroupSessions
    ) -> None:
        self._sessions = sessions
        self._conversations = conversations
        self._groups = groups

    async def of(self, row: Message, out: Sink) -> Session:
        """Give the session of a message; if it is new, say how to go on with the last one."""
        address = address_of(row.place)
        at = row.sent_at or row.created_at
        arrival = await self._sessions.arrive(session_key(address, self._groups), at)
        if arrival.opened:
            notice = await self._way_back(address, arrival)
            if notice is not None:
                out.put(notice)
        return arrival.session

    async def _way_back(self, address: Address, arrival: Arrival) -> Notice | None:
        session, ttl = arrival.session, self._sessions.ttl
        held_here = await self._earlier(address, session, place_of(address), 1)
        if not held_here:
            return None
        last = held_here[0]
        idle = arrival.expired is not None or session.created_at - last.updated_at > ttl
        after = lasting(ttl.total_seconds())
        how = f"ended after {after} without a word" if idle else "has ended"
        begins = f"This is a new conversation; the last one {how}."
        if shared(address):
            return Notice(f"{begins} An admin can go on with it: /resume.")
        listed = [each.id for each in await self._earlier(address, session, None, MOST_LISTED)]
        number = listed.index(last.id) + 1 if last.id in listed else last.id
        return Notice(f"{begins} /resume {number} goes on with it.", (f"/resume {number}",))

    async def _earlier(
        self, address: Address, session: Session, place: Place | None, limit: int
    ) -> Sequence[Conversation]:
        return await self._conversations.past.earlier(
            owner_of(address, self._groups), but=session.thread_id, place=place, limit=limit
        )


def shared(address: Address) -> bool:
    """Say whether others read along where this is. A program that uses the API speaks for one."""
    return not address.direct and address.platform != "api"


def as_said(row: Message, groups: GroupSessions, files: Sequence[File] = ()) -> Saying:
    """Give a message as the agent reads it: where several share a session, with who said it."""
    if groups == "person" or not shared(address_of(row.place)):
        return Saying(row.text, files)
    return Saying(row.text, files, row.sender_name or row.place.user_id)


def held_in(address: Address) -> Place | None:
    """Name the chat whose conversations may be named there; in a direct chat that is any."""
    return place_of(address) if shared(address) else None
