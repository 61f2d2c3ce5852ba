"""The shelf of conversations: looking through them, naming and tagging them, reading one."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Text, cast, exists, func, or_, select, update

from sessions.database import Database
from sessions.message_rows import message_of
from sessions.models import Conversation, Message
from sessions.past import HAS_SOMETHING, conversation_of
from sessions.tables import conversations, messages
from sessions.times import stored

LONGEST_TAG = 30
MOST_TAGS = 20
ONE_TAG = re.compile(rf"[\w-]{{1,{LONGEST_TAG}}}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations are looked for. What is empty or None does not matter.

        `owners` is the beginning that the names of their owners have. `since` and `until` are about
    when something was last said there, `begun` is the latest time at which its first words came.
    """

    owner: str = ""
    owners: str = ""
    tag: str = ""
    since: datetime | None = None
    until: datetime | None = None
    begun: datetime | None = None


class Shelf:
    """Every change is on disk when its call returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, conversation: str) -> Conversation | None:
        """Find a conversation by its id."""
        query = select(conversations).where(conversations.c.id == conversation)
        row = await self._database.read(lambda db: db.execute(query).one_or_none())
        return None if row is None else conversation_of(row)

    async def page(
        self, wanted: Wanted, *, before: Conversation | None = None, limit: int
    ) -> Sequence[Conversation]:
        """Give conversations, the one that was used last first; with one, those `before` it."""
        query = select(conversations).where(*_conditions(wanted))
        if before is not None:
            at = stored(before.updated_at)
            earlier = conversations.c.updated_at < at
            same = (conversations.c.updated_at == at) & (conversations.c.id > before.id)
            query = query.where(earlier | same)
        query = query.order_by(conversations.c.updated_at.desc(), conversations.c.id).limit(limit)
        return await self._database.read(lambda db: list(map(conversation_of, db.execute(query))))

    async def tags_of(self, owner: str) -> Sequence[str]:
        """Give all tags of an owner's conversations, in order."""
        query = select(conversations.c.tags).where(
            conversations.c.owner == owner, cast(conversations.c.tags, Text) != "[]"
        )
        found = await self._database.read(lambda db: list(db.execute(query).scalars()))
        return sorted({tag for tags in found for tag in tags})

    async def name(self, conversation: str, title: str) -> Conversation | None:
        """Give a conversation a title; None if it is not there."""
        return await self._change(conversation, lambda found: replace(found, title=title))

    async def tag(
        self, conversation: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> Conversation | None:
        """Put tags on a conversation and take others off; None if it is not there.

        Raises:
            ValueError: it would have more than `MOST_TAGS`, or one is no tag.
        """

        def retagged(found: Conversation) -> Conversation:
            tags = tuple(sorted({*found.tags, *add} - {*remove}))
            return replace(found, tags=tags)

        return await self._change(conversation, retagged)

    async def set_tags(self, conversation: str, tags: Sequence[str]) -> Conversation | None:
        """Give a conversation these tags and no others; None if it is not there.

        Raises:
            ValueError: there are more than `MOST_TAGS`, or one is no tag.
        """
        return await self._change(
            conversation, lambda found: replace(found, tags=tuple(sorted({*tags})))
        )

    async def messages(
        self, conversation: str, *, after: int = 0, limit: int | None = None
    ) -> Sequence[Message]:
        """Give what was said in a conversation behind a number, in order, and is not erased."""
        query = (
            select(messages)
            .where(
                messages.c.thread_id == conversation,
                messages.c.number > after,
                HAS_SOMETHING,
            )
            .order_by(messages.c.number)
            .limit(limit)
        )
        return await self._database.read(lambda db: list(map(message_of, db.execute(query))))

    async def _change(
        self, conversation: str, how: Callable[[Conversation], Conversation]
    ) -> Conversation | None:
        here = conversations.c.id == conversation

        def work(db: Connection) -> Conversation | None:
            row = db.execute(select(conversations).where(here)).one_or_none()
            if row is None:
                return None
            after = how(conversation_of(row))
            _check_tags(after.tags)
            values = {"title": after.title, "tags": list(after.tags)}
            db.execute(update(conversations).where(here).values(values))
            return after

        return await self._database.write(work)


def tag_of(written: str) -> str | None:
    """Read a tag as people write it, with or without #; None if it is none."""
    tag = written.removeprefix("#").lower()
    return tag if ONE_TAG.fullmatch(tag) else None


def has_tag(tag: str) -> ColumnElement[bool]:
    """Give the condition that a conversation has a tag."""
    # Tags have no quotation marks in them, so this is found only where a whole tag stands.
    return cast(conversations.c.tags, Text).contains(json.dumps(tag), autoescape=True)


def _check_tags(tags: Sequence[str]) -> None:
    if len(tags) > MOST_TAGS:
        raise ValueError(f"A conversation has at most {MOST_TAGS} tags.")
    for tag in tags:
        if tag_of(tag) != tag:
            raise ValueError(
                f"A tag is one word of small letters, digits, _ and -, of at most {LONGEST_TAG}."
            )


def _conditions(wanted: Wanted) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.owner:
        found.append(conversations.c.owner == wanted.owner)
    if wanted.owners:
        beginning = func.substr(conversations.c.owner, 1, len(wanted.owners))
        found.append(beginning == wanted.owners)
    if wanted.tag:
        found.append(has_tag(wanted.tag))
    if wanted.since is not None:
        found.append(conversations.c.updated_at >= stored(wanted.since))
    if wanted.until is not None:
        found.append(conversations.c.updated_at < stored(wanted.until))
    if wanted.begun is not None:
        at = stored(wanted.begun)
        # Its record is made when the first text's turn comes, which may have waited in line.
        spoken = exists().where(messages.c.thread_id == conversations.c.id)
        found.append(
            or_(
                conversations.c.created_at <= at,
                spoken.where(messages.c.role == "user", messages.c.created_at <= at),
            )
        )
    return found
