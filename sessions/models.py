"""The records: what is stored about live sessions, messages and approvals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What makes a session one person's in one place. At most one live session has it.

    `user_id` is as the CSV shows it (``telegram_12345``). `chat_id` and `topic_id` are empty in
    a direct chat.
    """

    platform: str
    user_id: str
    chat_id: str = ""
    topic_id: str = ""


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """An open approval as the session's row shows it.

    `actions` are one-line summaries of at most 200 characters; `decider` is ``requester``,
    ``admins`` or ``two``; `hash` is of what the person was shown.
    """

    id: str
    actions: tuple[str, ...]
    hash: str
    decider: str
    asked_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A live connection: one row of sessions.csv. All times are aware, in UTC."""

    session_id: str
    user_id: str
    platform: str
    thread_id: str
    created_at: datetime
    last_activity: datetime
    pending_approval: tuple[PendingApproval, ...] = ()
    metadata: JsonObject = field(default_factory=dict)

    @property
    def key(self) -> SessionKey:
        """Where it belongs; its chat and topic stand in `metadata` unless it is a direct chat."""
        return SessionKey(
            self.platform,
            self.user_id,
            str(self.metadata.get("chat_id", "")),
            str(self.metadata.get("topic_id", "")),
        )

    def active_at(self, at: datetime) -> "Session":
        """Return the session with this last activity, unless it was active later already."""
        if at <= self.last_activity:
            return self
        # Most changes are this one, and `replace` takes twice as long.
        return Session(
            self.session_id,
            self.user_id,
            self.platform,
            self.thread_id,
            self.created_at,
            at,
            self.pending_approval,
            self.metadata,
        )


# ---------------------------------------------------------------- messages

MessageState = Literal[
    # a person's
    "received", "running", "parked", "held", "answered", "rejected", "dead",
    # the bot's
    "written", "showing", "delivered",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """The address of a chat as records keep it: the four parts of the platform's own ids."""

    platform: str
    chat_id: str
    user_id: str
    topic_id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that a person or the bot said.

    `id` is a UUID: also the id of the HumanMessage or AIMessage in the agent's thread.
    `platform_message_id` is the platform's own; (platform, chat, that id) is unique when set.
    `answers` is the id of the person's message that an answer belongs to, empty otherwise.
    `number` grows with every message; it is 0 until the row is stored. A `private` message, and
    the answer to it, are for one person alone, also in a shared chat. `files` counts those that
    came with it, or go out with it.
    """

    id: str
    role: Literal["user", "assistant"]
    text: str
    place: Place
    created_at: datetime
    state: MessageState
    thread_id: str = ""
    session_id: str = ""
    sender_name: str = ""
    platform_message_id: str = ""
    sent_at: datetime | None = None
    answers: str = ""
    attempts: int = 0
    number: int = 0
    private: bool = False
    files: int = 0


# ---------------------------------------------------------------- approvals


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """An action as it was shown. `decider` is who may decide about it."""

    name: str
    arguments: JsonObject
    description: str
    allowed: tuple[str, ...]
    decider: str


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """Everything that happened to one approval; what has not happened yet is None or empty.

    `requester` is a person (``telegram:12345``) and `place` where the request came from.
    `verdicts` are JSON objects such as ``{"type": "edit", "arguments": {...}}``, one an action.
    `ending` says in words how the actions ended. `decided_name` is what the one who decided is
    called, which anybody can choose: who it was says `decided_by`.
    """

    id: str
    session_id: str
    thread_id: str
    interrupt_id: str
    message_id: str
    requester: str
    place: Place
    actions: tuple[ActionRecord, ...]
    hash: str
    decider: str
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    outcome: str = ""
    decided_by: str = ""
    decided_where: str = ""
    verdicts: tuple[JsonObject, ...] = ()
    began_at: datetime | None = None
    ended_at: datetime | None = None
    ending: str = ""
    decided_name: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's complete decision, where an approval needs more than one."""

    approval_id: str
    voter: str
    verdicts: tuple[JsonObject, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """One tool call, for ever: the conversation, the message of the model, the call in it."""

    thread_id: str
    ai_message_id: str
    tool_call_id: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What is known of one tool call that may have effects.

    `ended_at` is None while it runs, and for ever if the process died meanwhile: then its
    outcome is unknown and it is not started again. `result` is the tool's answer as JSON.
    """

    key: LedgerKey
    tool: str
    arguments: JsonObject
    begun_at: datetime
    ended_at: datetime | None = None
    outcome: Literal["", "done", "failed"] = ""
    result: Any = None


# ---------------------------------------------------------------- conversations and people


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said on one thread of the agent. It outlives its session.

    `owner` is a person (``telegram:12345``) or, where a chat shares its session, that chat.
    """

    id: str
    owner: str
    title: str
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    forked_from: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What is kept about one person: their settings, and whether they may speak here.

    `zone` is a name such as ``Europe/Paris``, empty for UTC. With `streams` they see an answer
    while it is written.
    """

    person: str
    zone: str = ""
    streams: bool = True
    blocked_at: datetime | None = None
    blocked_by: str = ""


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something that a person wants to be told later, in the place where they asked for it.

    `rule` is an iCalendar RRULE such as ``FREQ=WEEKLY;BYDAY=MO``, read in `zone`; empty for one
    that comes once. `due_at` is None when it has come, or was cancelled. `number` counts those of
    one person, from 1 on, and stays.
    """

    id: str
    place: Place
    text: str
    zone: str
    rule: str
    due_at: datetime | None
    created_at: datetime
    number: int = 0
