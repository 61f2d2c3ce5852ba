"""The agreement between a platform and the bot: everything that passes between them.

An adapter (`adapters.platform`) turns what arrives on its platform into an `IncomingMessage` or a
`Decision`, calls the handler that it was given, and shows the replies that it reads from it::

    async with handle(message) as replies:
        await self.deliver(message.sender, replies)

Entering the ``with`` means that the message is durable: now the platform may be told that it
was taken. What arrives later, or from elsewhere, reaches the adapter through `deliver` alone.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Address:
    """Where one person is reached on one platform.

    In a direct chat `chat_id` equals `user_id`; an adapter whose platform numbers direct chats
    otherwise translates. `topic_id` is a forum topic or thread, empty elsewhere.
    """

    platform: str
    chat_id: str
    user_id: str
    topic_id: str = ""

    @property
    def person(self) -> str:
        """Who this is, on any chat of the platform: ``telegram:12345``."""
        return f"{self.platform}:{self.user_id}"

    @property
    def direct(self) -> bool:
        """Whether nobody else reads along."""
        return self.chat_id == self.user_id and not self.topic_id


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a message, or goes with an answer."""

    name: str
    media_type: str
    content: bytes


# ---------------------------------------------------------------- from a person to the bot


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """Something that a person wrote. (platform, chat, message id) is unique.

    `fingerprint` is given where a client chooses the message id itself: with another one, the
    same id does not mean the same message. `pieces` are the ids of further messages that the
    platform made of this one (an album, a long text). What is said to a `private` one is for the
    sender alone, also in a shared chat.
    """

    sender: Address
    text: str
    message_id: str
    sent_at: datetime
    sender_name: str = ""
    fingerprint: str = ""
    attachments: tuple[Attachment, ...] = ()
    pieces: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Approve:
    """Run the action as asked; with `for_session`, also its like for the rest of the session."""

    for_session: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """Run the action with these arguments instead."""

    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reject:
    """Do not run the action; the agent is told the reason."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Respond:
    """Do not run the action; the agent is given this text as its result."""

    text: str


Verdict = Approve | Edit | Reject | Respond
VerdictName = Literal["approve", "edit", "reject", "respond"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about one approval: one verdict for each of its actions, in order.

    A single verdict stands for all the actions, as one button does.
    """

    sender: Address
    approval_id: str
    verdicts: tuple[Verdict, ...]
    decided_at: datetime
    sender_name: str = ""


# ---------------------------------------------------------------- from the bot to a person


@dataclass(frozen=True, slots=True)
class Action:
    """Something that the agent wants to do, as a person is shown it."""

    name: str
    arguments: Mapping[str, Any]
    description: str = ""
    allowed: tuple[VerdictName, ...] = ("approve", "edit", "reject", "respond")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message has begun: the ids under which it can be found again."""

    message_id: str
    session_id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of text as the model writes it. A preview: only `Answer` is the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer, on disk before it is said. It takes the place of the preview.

    `parts` are the platform's ids of what it shows of it already, in order, noted before a crash
    or a failure: they are edited, not sent again. With `again`, one more may stand there, so the
    next part that is sent says that it may come twice. `attachments` come after the text. A
    `private` one answers a private message.
    """

    message_id: str
    text: str
    parts: tuple[str, ...] = ()
    again: bool = False
    attachments: tuple[Attachment, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the bot itself says. Suggestions are texts to send with one tap."""

    text: str
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A person has to decide before these actions run.

    `decider` says who: ``requester``, ``admins`` or ``two`` (two different admins). `expires_at`
    is in the time zone of the one who asked.
    """

    approval_id: str
    actions: tuple[Action, ...]
    expires_at: datetime
    decider: str = "requester"


@dataclass(frozen=True, slots=True)
class Held:
    """The message waits, in order, until these approvals have ended."""

    message_id: str
    approvals: tuple[ApprovalRequest, ...]
    text: str


Outcome = Literal["approved", "edited", "rejected", "responded", "mixed", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class ApprovalSettled:
    """An approval was decided, or ended without; `text` says how, as a sentence.

    It comes a second time when the actions have ended: then `ending` says how they did. `cards`
    are the platform's ids under which the card stands in the chat where this is shown.
    """

    approval_id: str
    outcome: Outcome
    by: str
    at: datetime
    text: str
    ending: str = ""
    cards: tuple[str, ...] = ()


Why = Literal["unknown", "not_yours", "settled", "misshapen", "busy", "closing", "blocked"]


@dataclass(frozen=True, slots=True)
class Refused:
    """What was asked changes nothing, and why."""

    why: Why
    text: str
    settled: ApprovalSettled | None = None  # how an ended approval ended
    retry_after: float | None = None  # in seconds: then the same will work


@dataclass(frozen=True, slots=True)
class Failure:
    """Something went wrong: a sentence for the person, and a reference for the log."""

    message: str
    reference: str


Reply = (
    Accepted
    | TextDelta
    | Answer
    | Notice
    | ApprovalRequest
    | Held
    | ApprovalSettled
    | Refused
    | Failure
)


# ---------------------------------------------------------------- what is plugged in


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a platform lists it: ``Command("approve", "Approve ...", "[id]")``.

    What a `private` one says is for who asked alone, where the platform can do that. `words` says
    in words what may be written after it, for platforms that ask for it in a field of its own.
    """

    name: str
    summary: str
    usage: str = ""
    private: bool = False
    words: str = ""


class Replies(Protocol):
    """What is said, one reply after another, on its way to a platform."""

    def __aiter__(self) -> AsyncIterator[Reply]: ...

    async def __anext__(self) -> Reply: ...

    async def shown(self, part: str, of: str = "") -> None:
        """Note on disk that the platform now shows this part of the answer, or of its preview.

        `part` is the platform's own id of it. With `of`, the id of an approval, it is that card:
        `ApprovalSettled.cards` gives it back.
        """
        ...


Handler = Callable[[IncomingMessage | Decision], AbstractAsyncContextManager[Replies]]
