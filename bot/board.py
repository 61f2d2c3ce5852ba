"""Cards that tell the truth: each says how its approval ended, wherever it stands.

What admins have to decide is also shown in a chat of theirs (APPROVAL_CHAT).
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta, tzinfo

from adapters.contract import Address, Reply
from bot.addresses import Chat, address_of, chat_of, place_of
from bot.cards import as_request, settled
from bot.lanes import Lanes
from bot.outbox import Outbox
from sessions.approval_records import ApprovalRecords
from sessions.cards import Cards
from sessions.models import ApprovalRecord

LATE = timedelta(minutes=15)
"""How long a platform itself may try to show a card; one that does not stand then is lost."""


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
        zone_of: Callable[[str], Awaitable[tzinfo]],
        clock: Callable[[], datetime],
    ) -> None:
        self._records = records
        self._cards = cards
        self._outbox = outbox
        self._lanes = lanes
        self._chat = chat
        self._zone_of = zone_of
        self._clock = clock
        self._asking: set[tuple[str, Chat]] = set()

    async def shows(self, thread_id: str) -> bool:
        """Say whether the cards of all that is open in a thread stand where it was asked."""
        records = await self._records.open(thread_id=thread_id)
        return all([await self._cards.stands(record.id, record.place) for record in records])

    async def ask(self, record: ApprovalRecord) -> None:
        """Show an open approval in the admins' chat, if they have to decide it; once."""
        chat = self._chat
        if chat is None or record.decider == "requester":
            return
        if chat_of(address_of(record.place)) != chat_of(chat):
            await self._show_once(record, chat)

    async def tell(self, record: ApprovalRecord, *, but: Collection[Chat] = ()) -> None:
        """Say on every card how far its approval has come, but for where it is said anyway."""
        now = await self._records.get(record.id)
        if now is None or now.decided_at is None:
            return
        how = settled(now, await self._zone_of(now.requester))
        for place in await self._cards.places(record.id):
            if chat_of(address_of(place)) not in but:
                self._push(address_of(place), how)

    async def catch_up(self) -> None:
        """Show what a crash, or a platform that was away, kept from being shown."""
        await self.tell_all()
        for record in await self._records.open():
            await self.ask(record)
            if self._clock() - record.asked_at > LATE:  # else its turn may be showing it just now
                await self._show_once(record, address_of(record.place))

    async def tell_all(self) -> None:
        """Say on the cards of all approvals that have ended how they did."""
        for approval_id in await self._cards.of_ended():
            record = await self._records.get(approval_id)
            if record is not None:
                await self.tell(record)

    async def _show_once(self, record: ApprovalRecord, to: Address) -> None:
        card = (record.id, chat_of(to))
        if card in self._asking:
            return
        self._asking.add(card)
        if await self._cards.stands(record.id, place_of(to)):
            self._asking.discard(card)
        else:
            request = as_request(record, await self._zone_of(record.requester))
            self._push(to, request, lambda: self._asking.discard(card))

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
