"""Cards that tell the truth: each says how its approval ended, wherever it stands.

What admins have to decide is also shown in a chat of theirs (APPROVAL_CHAT).
"""

from collections.abc import Callable, Collection

import structlog

from adapters.contract import Address, Reply
from bot.addresses import Chat, address_of, chat_of, place_of
from bot.cards import as_request, settled
from bot.lanes import Lanes
from bot.outbox import Outbox
from sessions.approval_records import ApprovalRecords
from sessions.cards import Cards
from sessions.models import ApprovalRecord

log = structlog.get_logger(__name__)


class Board:
    """Pushes cards, and how they ended, to the chats where nobody reads a turn about them."""

    def __init__(
        self,
        records: ApprovalRecords,
        cards: Cards,
        outbox: Outbox,
        lanes: Lanes,
        *,
        chat: Address | None,
    ) -> None:
        self._records = records
        self._cards = cards
        self._outbox = outbox
        self._lanes = lanes
        self._chat = chat
        self._asking: set[str] = set()

    async def shows(self, thread_id: str) -> bool:
        """Say whether the cards of all that is open in a thread stand where it was asked."""
        records = await self._records.open(thread_id=thread_id)
        return all([await self._cards.stands(record.id, record.place) for record in records])

    async def ask(self, record: ApprovalRecord) -> None:
        """Show an open approval in the admins' chat, if they have to decide it; once."""
        chat = self._chat
        if chat is None or record.decider == "requester" or record.id in self._asking:
            return
        if chat_of(address_of(record.place)) == chat_of(chat):
            return
        self._asking.add(record.id)
        if await self._cards.stands(record.id, place_of(chat)):
            self._asking.discard(record.id)
        else:
            self._push(chat, as_request(record), lambda: self._asking.discard(record.id))

    async def tell(self, record: ApprovalRecord, *, but: Collection[Chat] = ()) -> None:
        """Say on every card how far its approval has come, but for where it is said anyway."""
        now = await self._records.get(record.id)
        if now is None or now.decided_at is None:
            return
        for place in await self._cards.places(record.id):
            if chat_of(address_of(place)) not in but:
                self._push(address_of(place), settled(now))

    async def catch_up(self) -> None:
        """Show what a crash, or a platform that was away, kept from being shown."""
        await self.tell_all()
        if self._chat is not None:
            for record in await self._records.open():
                await self.ask(record)

    async def tell_all(self) -> None:
        """Say on the cards of all approvals that have ended how they did."""
        for approval_id in await self._cards.of_ended():
            record = await self._records.get(approval_id)
            if record is not None:
                await self.tell(record)

    def _push(self, to: Address, reply: Reply, shown: Callable[[], None] = lambda: None) -> None:
        if not self._outbox.reaches(to):
            shown()
            return
        stream = self._outbox.stream(to)
        stream.put(reply)
        stream.close()

        async def show() -> None:
            try:
                await self._outbox.show(to, stream)
            finally:
                shown()

        self._lanes.at_once(show)
