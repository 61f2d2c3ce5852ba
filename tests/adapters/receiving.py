"""What the bot does for a platform beside handling messages, kept in memory."""

from collections.abc import Collection, Mapping, Sequence

from adapters.contract import Address, ApprovalRequest, ApprovalSettled, Refused


class MemoryReception:
    """`adapters.platform.Reception`: lets everybody in but those in `strangers`.

    `outsiders` may not decide; `settled` is what has ended; the ids in `stored` are no news.
    """

    def __init__(self, *asked: ApprovalRequest) -> None:
        self.strangers: dict[str, str] = {}
        self.outsiders: set[str] = set()
        self.settled: dict[str, ApprovalSettled] = {}
        self.stored: set[str] = set()
        self.put_aside: list[tuple[str, str, str]] = []
        self.waiting: dict[str, str] = {}
        self.chats: dict[str, str] = {}
        self._asked = {request.approval_id: request for request in asked}

    async def turned_away(self, sender: Address, *, server: str = "") -> str | None:
        if sender.user_id not in self.strangers:
            return None
        text, self.strangers[sender.user_id] = self.strangers[sender.user_id], ""
        return text

    async def set_aside(self, update_id: str, content: str, reason: str) -> None:
        self.put_aside.append((update_id, content, reason))

    async def keep(self, update_id: str, content: str) -> None:
        self.waiting.setdefault(update_id, content)

    async def kept(self) -> Sequence[str]:
        return list(self.waiting.values())

    async def release(self, update_id: str) -> None:
        self.waiting.pop(update_id, None)

    async def moved(self, chat_id: str, new_chat_id: str) -> None:
        if chat_id in self.chats:
            self.chats[new_chat_id] = self.chats.pop(chat_id)

    async def marks(self) -> Mapping[str, str]:
        return dict(self.chats)

    async def mark(self, chat_id: str, message_id: str) -> None:
        self.chats[chat_id] = str(max(int(message_id), int(self.chats.get(chat_id, "0"))))

    async def asked(self, approval_id: str) -> ApprovalRequest | None:
        return self._asked.get(approval_id)

    async def refused(self, approval_id: str, by: Address) -> Refused | None:
        if by.user_id in self.outsiders:
            return Refused("not_yours", "Only an admin may decide this.")
        if (settled := self.settled.get(approval_id)) is not None:
            return Refused("settled", f"This is decided already. {settled.text}.", settled)
        return None

    async def taken(self, chat_id: str, message_ids: Sequence[str]) -> Collection[str]:
        return self.stored & set(message_ids)
