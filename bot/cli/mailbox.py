"""What the bot says to a person when they did not just ask: messages, and late answers."""

from collections.abc import AsyncIterator
from typing import Any

from adapters.contract import (
    Answer,
    ApprovalSettled,
    Failure,
    Held,
    Notice,
    Refused,
    Reply,
)
from bot.cli.operator import Operator

PAGE = 200


class Mailbox:
    """A person's mailbox, from now on, without what a chat has shown them already."""

    def __init__(self, operator: Operator, user_id: str) -> None:
        self._operator = operator
        self._user_id = user_id
        self._after = 0
        self._ids: set[str] = set()
        self._texts: list[str] = []

    async def skip(self) -> None:
        """Pass over what came before."""
        async for _ in self._unread():
            pass

    async def news(self) -> list[str]:
        """Give the texts that have come, each once."""
        shown = {*self._texts, "\n".join(self._texts)}
        found = [
            mail["text"]
            async for mail in self._unread()
            if mail["id"] not in self._ids and mail["text"] not in shown
        ]
        self._texts.clear()
        return found

    async def noting(self, replies: AsyncIterator[Reply]) -> AsyncIterator[Reply]:
        """Pass replies on to a chat, and note that they are shown there."""
        async for reply in replies:
            match reply:
                case Answer(message_id, text):
                    self._ids.add(message_id)
                    self._texts.append(text)
                case Notice(text=text) | Held(text=text) | Failure(message=text):
                    self._texts.append(text)
                case ApprovalSettled(text=text) | Refused(text=text):
                    self._texts.append(text)
                case _:  # the others are no texts of the mailbox
                    pass
            yield reply

    async def _unread(self) -> AsyncIterator[Any]:
        while True:
            query: dict[str, str | int] = {
                "user_id": self._user_id,
                "after": self._after,
                "limit": PAGE,
            }
            page = await self._operator.ask("GET", "/api/messages", params=query)
            for mail in page["items"]:
                self._after = mail["number"]
                yield mail
            if page["next"] is None:
                return
