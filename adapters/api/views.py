"""What a client is shown: the shapes of the answers, as OpenAPI describes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from adapters.contract import ApprovalRequest, ApprovalSettled, Attachment, VerdictName


@dataclass(frozen=True)
class ActionView:
    """Something that the agent wants to do."""

    name: Annotated[str, Field(description="The tool.")]
    arguments: Annotated[Mapping[str, Any], Field(description="What it would be called with.")]
    description: str
    allowed: Annotated[Sequence[VerdictName], Field(description="How it may be decided.")]


@dataclass(frozen=True)
class ApprovalView:
    """An approval that is open: these actions wait for a person."""

    id: str
    actions: Sequence[ActionView]
    allowed: Annotated[
        Sequence[VerdictName], Field(description="The decisions that all its actions allow.")
    ]
    decider: Annotated[
        str, Field(description="Who decides: `requester`, `admins` or `two` (different admins).")
    ]
    expires_at: datetime
    decide: Annotated[str, Field(description="Where to post the decision.")]


def approval_view(request: ApprovalRequest) -> ApprovalView:
    """Show an approval that is open."""
    actions = [
        ActionView(action.name, dict(action.arguments), action.description, action.allowed)
        for action in request.actions
    ]
    allowed: list[VerdictName] = [
        name
        for name in ("approve", "edit", "reject", "respond")
        if all(name in action.allowed for action in request.actions)
    ]
    return ApprovalView(
        id=request.approval_id,
        actions=actions,
        allowed=allowed,
        decider=request.decider,
        expires_at=request.expires_at.astimezone(UTC),
        decide=f"/api/approvals/{request.approval_id}",
    )


@dataclass(frozen=True)
class SettledView:
    """How an approval ended; `ending` is empty until its actions have ended too."""

    approval_id: str
    outcome: str
    by: str
    at: datetime
    text: str
    ending: str


def settled_view(settled: ApprovalSettled) -> SettledView:
    """Show how an approval ended."""
    return SettledView(
        settled.approval_id,
        settled.outcome,
        settled.by,
        settled.at,
        settled.text,
        settled.ending,
    )


@dataclass(frozen=True)
class FileView:
    """A file that goes with an answer."""

    name: str
    media_type: str
    size: Annotated[int, Field(description="In bytes.")]
    url: Annotated[str, Field(description="Where it is.")]


def file_views(message_id: str, attachments: Sequence[Attachment]) -> list[FileView]:
    """Show the files of an answer."""
    return [
        FileView(
            each.name, each.media_type, len(each.content), f"/api/messages/{message_id}/files/{n}"
        )
        for n, each in enumerate(attachments, 1)
    ]


Files = Annotated[Sequence[FileView], Field(description="Files that go with the answer.")]

TurnState = Literal["answered", "parked", "held", "running"]

State = Annotated[
    TurnState,
    Field(
        description=(
            "`answered`; `parked`: waits for the decision on `pending_approval`; `held`: is "
            "answered after that decision; `running`: ask again at the `Location`."
        )
    ),
]
Reply = Annotated[str, Field(description="What the bot says.")]
Pending = Annotated[
    ApprovalView | None, Field(description="What waits for a decision in this session, if any.")
]
AllPending = Annotated[
    Sequence[ApprovalView], Field(description="All that waits, if it is more than one.")
]


@dataclass(frozen=True)
class ChatAnswer:
    """How a message was answered, or what it waits for."""

    session_id: str
    thread_id: str
    message_id: Annotated[str, Field(description="Ask again at `/api/messages/{message_id}`.")]
    state: State
    reply: Reply
    pending_approval: Pending
    approvals: AllPending
    notices: Annotated[
        Sequence[str], Field(description="What the bot itself said on the way, in order.")
    ]
    suggestions: Annotated[Sequence[str], Field(description="Texts that one could send next.")]
    files: Files


@dataclass(frozen=True)
class DecisionAnswer:
    """How an approval ended, and what the agent said then.

    Where two people have to decide, `outcome` is null after the first.
    """

    approval_id: str
    outcome: Annotated[
        str | None,
        Field(description="`approved`, `edited`, `rejected`, `responded` or `mixed`."),
    ]
    by: Annotated[str | None, Field(description="Who decided.")]
    at: datetime | None
    text: Annotated[str, Field(description="The outcome as a sentence.")]
    session_id: str
    thread_id: str
    message_id: Annotated[str, Field(description="The message that caused the request.")]
    state: State
    reply: Reply
    pending_approval: Pending
    approvals: AllPending
    notices: Sequence[str]
    files: Files


@dataclass(frozen=True)
class MessageView:
    """A message, and the answer if there is one yet."""

    id: str
    role: Annotated[str, Field(description="`user` or `assistant`.")]
    user_id: Annotated[str, Field(description="The person in whose chat it stands.")]
    session_id: str
    thread_id: str
    created_at: datetime
    state: Annotated[
        str,
        Field(
            description=(
                "A person's: `received`, `running`, `parked`, `held`, `answered`, `rejected`, "
                "`dead`. The bot's: `written`, `showing`, `delivered`, `dead`."
            )
        ),
    ]
    text: str
    reply: Annotated[str | None, Field(description="The answer, null until there is one.")]
    answer_id: str | None
    pending_approval: Pending
    approvals: AllPending
    files: Files


@dataclass(frozen=True)
class MailView:
    """A message of the bot in a person's mailbox."""

    id: str
    number: Annotated[int, Field(description="Ask for what comes `after` it.")]
    text: str
    created_at: datetime
    answers: Annotated[str | None, Field(description="The id of the message that it answers.")]
    files: Files


@dataclass(frozen=True)
class Mailbox:
    """A page of what the bot said to a person, in order."""

    items: Sequence[MailView]
    next: Annotated[int | None, Field(description="`after` for the next page; null: the last.")]
