"""One turn, as everything that works on it knows it."""

from dataclasses import dataclass, field

from bot.addresses import address_of
from bot.agent.context import TurnContext
from bot.slots import Stop
from sessions.models import Message


@dataclass(frozen=True)
class Turn:
    """A person's message, bound to its session and thread, while the agent works on it."""

    row: Message
    stop: Stop = field(default_factory=Stop)

    @property
    def context(self) -> TurnContext:
        """What the agent may know of it."""
        return TurnContext(
            person=address_of(self.row.place),
            person_name=self.row.sender_name,
            session_id=self.row.session_id,
            thread_id=self.row.thread_id,
            message_id=self.row.id,
            stop=self.stop,
        )
