"""How a person's message ends: answered, rejected with a reason that they see, or given up."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import structlog

from adapters.contract import Failure, Refused
from bot.answers import as_answer
from bot.leftovers import Leftovers
from bot.streams import Sink
from sessions.conversations import Conversations, mailbox_of
from sessions.models import Message

log = structlog.get_logger(__name__)

BROKEN_OFF = "I cannot write anything down now. Your message is kept, and goes on when I can."


class Endings:
    """Stores what is said at the end of a message together with its new state, then says it."""

    def __init__(
        self,
        conversations: Conversations,
        leftovers: Leftovers,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.leftovers = leftovers
        self._conversations = conversations
        self._clock = clock

    async def answer(self, row: Message, answer_id: str, text: str, out: Sink) -> None:
        """Store the answer to a message, then say it."""
        said = text or "(The agent had nothing to say.)"
        stored = await self.store(row, answer_id, said)
        out.put(await as_answer(stored, self._conversations), stored.id)

    async def store(self, row: Message, answer_id: str, text: str) -> Message:
        """Store the answer to a message; doing it again changes nothing."""
        return await self._conversations.answer(row.id, self.reply_row(row, answer_id, text))

    async def fail(self, row: Message, sentence: str, out: Sink) -> None:
        """End a message that could not be answered: with a reason, and a reference for the log."""
        reference = uuid4().hex[:8]
        log.error("a message was not answered", reference=reference, reason=sentence)
        text = f"{sentence} (reference {reference})"
        said = await self._reject(row, text)
        # What failed behind the answer is no second answer.
        out.put(Failure(sentence, reference), said.id if said.text == text else "")

    def break_off(self, row: Message, error: BaseException, out: Sink) -> None:
        """Leave a message as it is stored, for nothing can be stored; its person hears of it."""
        self.leftovers.note(error, row.id)
        out.put(Failure(BROKEN_OFF, uuid4().hex[:8]))

    async def refuse(self, row: Message, refused: Refused, out: Sink) -> None:
        """End a message that is not worked on, with the reason; without a word if it has none."""
        if not refused.text:
            await self._conversations.mark(row.id, "rejected")
            return
        # What will work later is to be tried again as the same request.
        said = await self._reject(row, refused.text, again=refused.why == "busy")
        out.put(refused, said.id)

    async def give_up(self, row: Message, sentence: str) -> None:
        """Put a message aside as dead, and tell its person so in a sentence."""
        told = self.reply_row(row, str(uuid4()), sentence)
        if await self._conversations.dead.bury(row.id, sentence, told):
            self._conversations.news.tell(row.id)
            self._conversations.news.tell(mailbox_of(row.place))

    async def _reject(self, row: Message, sentence: str, *, again: bool = False) -> Message:
        reply = self.reply_row(row, str(uuid4()), sentence)
        return await self._conversations.answer(row.id, reply, state="rejected", again=again)

    def reply_row(self, row: Message, answer_id: str, text: str) -> Message:
        """Give the answer to a message as it is stored."""
        return Message(
            id=answer_id,
            role="assistant",
            text=text,
            place=row.place,
            created_at=self._clock(),
            state="written",
            thread_id=row.thread_id,
            session_id=row.session_id,
            answers=row.id,
            private=row.private,
        )
