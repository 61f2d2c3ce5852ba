"""What a client is shown of conversations, and what it sends about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from adapters.json_values import storable_text
from sessions.models import Conversation, Message
from sessions.past import title_of
from sessions.search import Hit, said_at
from sessions.shelf import LONGEST_TAG, MOST_TAGS, tag_of


@dataclass(frozen=True)
class ConversationView:
    """What was said on one thread of the agent. It outlives its session."""

    id: str
    owner: Annotated[str, Field(description="Whose it is: `platform:id`, or a shared chat's.")]
    title: str
    tags: Sequence[str]
    created_at: Annotated[datetime, Field(description="Of a copy: when the first began.")]
    updated_at: Annotated[datetime, Field(description="When something was said there last.")]
    forked_from: Annotated[str | None, Field(description="What it began as a copy of.")]


@dataclass(frozen=True)
class ConversationPage:
    """Conversations, the one that was used last first."""

    items: Sequence[ConversationView]
    next: Annotated[str | None, Field(description="`after` for the next page; null: the last.")]


@dataclass(frozen=True)
class SaidView:
    """A message of a conversation."""

    id: str
    number: Annotated[int, Field(description="Ask for what comes `after` it.")]
    role: Annotated[str, Field(description="`user` or `assistant`.")]
    text: str
    at: datetime
    sender_name: str
    state: str
    answers: Annotated[str | None, Field(description="The id of the message that it answers.")]


@dataclass(frozen=True)
class SaidPage:
    """Messages of a conversation, in order; erased ones are not among them."""

    items: Sequence[SaidView]
    next: Annotated[int | None, Field(description="`after` for the next page; null: the last.")]


@dataclass(frozen=True)
class HitView:
    """A message that was found."""

    conversation_id: str
    title: str
    message_id: str
    role: str
    at: datetime
    line: Annotated[str, Field(description="The words that were found, and some around them.")]


@dataclass(frozen=True)
class HitPage:
    """What was found, the best first."""

    items: Sequence[HitView]
    next: Annotated[int | None, Field(description="`after` for the next page; null: the last.")]
    complete: Annotated[
        bool, Field(description="False while the index is being built: ask again in a minute.")
    ]


def _a_title(written: str) -> str:
    title = title_of(storable_text(written))
    if not title:
        raise ValueError("the title is empty")
    return title


def _tags(written: Sequence[str]) -> Sequence[str]:
    tags = [tag_of(storable_text(each)) for each in written]
    if None in tags:
        raise ValueError(f"write words of letters, digits, _ and -, of at most {LONGEST_TAG}")
    return list(filter(None, tags))


class NamingBody(BaseModel):
    """What is to change of a conversation; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[
        str | None,
        Field(max_length=200, json_schema_extra={"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}),
        AfterValidator(lambda title: None if title is None else _a_title(title)),
    ] = None
    tags: Annotated[
        Sequence[str] | None,
        Field(
            max_length=MOST_TAGS,
            description="All its tags.",
            json_schema_extra={"items": {"type": "string", "pattern": r"^#?[a-z0-9_-]{1,30}$"}},
        ),
        AfterValidator(lambda tags: None if tags is None else _tags(tags)),
    ] = None


def conversation_view(found: Conversation) -> ConversationView:
    """Show a conversation."""
    return ConversationView(
        found.id,
        found.owner,
        found.title,
        found.tags,
        found.created_at,
        found.updated_at,
        found.forked_from or None,
    )


def said_view(message: Message) -> SaidView:
    """Show a message."""
    return SaidView(
        message.id,
        message.number,
        message.role,
        message.text,
        said_at(message),
        message.sender_name,
        message.state,
        message.answers or None,
    )


def hit_view(hit: Hit) -> HitView:
    """Show a message that was found."""
    message = hit.message
    return HitView(
        message.thread_id, hit.title, message.id, message.role, said_at(message), hit.line
    )
