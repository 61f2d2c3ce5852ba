"""Making an export of what another bot had, so that it comes in as any export does.

The ids of its rows come from what was said, so that the same again is the same rows.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zipfile import ZIP_DEFLATED, ZipFile

from sessions.exporting import write_rows
from sessions.message_rows import values_of
from sessions.migrating.found import Remarks, Said, Source, Talk
from sessions.migrating.whose import Whose
from sessions.models import Conversation, Message, Place
from sessions.past import LONGEST_TITLE, title_of
from sessions.portable import FORMAT, KINDS, MANIFEST, VERSION, Kind
from sessions.private_files import make_private
from sessions.times import MICROSECOND, stored

SPACE = UUID("3f0c7a52-9f2b-5a0e-8a51-6d9f3b1f7c11")
"""In it are the ids of everything that is brought in."""

TAG = "brought-in"
MARK = "brought-in:"
"""What the `session_id` of such messages begins with; the id of the migration follows."""

TIMELESS = "They stand at the time of what came before them."

Done = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class FromFile:
    """A file, what it is, and how many conversations, messages and sessions are in it."""

    name: str
    kind: str
    conversations: int
    messages: int
    sessions: int


@dataclass(slots=True)
class Staged:
    """What was written: conversations by their id, counts, and whom nobody knows.

    `threads` leads from a person and the key of their session in the other bot to a conversation.
    """

    migration: str
    at: datetime
    conversations: dict[str, Conversation] = field(default_factory=dict)
    people: Counter[str] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)
    threads: dict[tuple[str, str], str] = field(default_factory=dict)
    files: list[FromFile] = field(default_factory=list)
    shifted: bool = False


def stage(
    sources: Sequence[Source],
    whose: Whose,
    path: Path,
    migration: str,
    remarks: Remarks,
    *,
    at: datetime,
    kept: timedelta | None,
    done: Done = lambda _: None,
) -> Staged:
    """Write an export of all that is found; it blocks.

    Conversations that would be older than they may be (`kept`) count as used at `at`. `done` is
    told of every source that is read.

    Raises:
        SourceRefused: a source cannot be read to its end.
        OSError: the disk did not take it.
    """
    staged = Staged(migration, at)
    make_private(path)
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        rows = _messages(sources, whose, remarks, staged, done)
        entries = {"messages.jsonl": write_rows(archive, "messages.jsonl", rows)}
        talks = (_kind("conversations").as_json(_row(each)) for each in _in_use(staged, kept))
        entries["conversations.jsonl"] = write_rows(archive, "conversations.jsonl", talks)
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "made_at": at.astimezone(UTC).isoformat(),
            "scope": {"kind": "everything", "of": ""},
            "entries": entries,
        }
        archive.writestr(MANIFEST, json.dumps(manifest))
    return staged


def _messages(
    sources: Sequence[Source],
    whose: Whose,
    remarks: Remarks,
    staged: Staged,
    done: Done,
) -> Iterator[Mapping[str, Any]]:
    kind = _kind("messages")
    for source in sources:
        done(1)
        talks = many = 0
        for talk in source.talks(remarks):
            talks += 1
            many += len(talk.said)
            owner = whose.of(talk.key, talk.who)
            if not owner:
                staged.strangers[talk.who[-1] if talk.who else ""] += 1
                continue
            for message in _of_talk(talk, owner, staged):
                yield kind.as_json(values_of(message))
            if timeless := sum(each.at is None for each in talk.said):
                remarks.change("messages without a time", TIMELESS, timeless)
        staged.files.append(FromFile(source.name, source.kind, talks, many, 0))


def _of_talk(talk: Talk, owner: str, staged: Staged) -> Iterator[Message]:
    """Give the messages of a conversation, and note it."""
    first = talk.said[0] if talk.said else Said("user", "")
    thread = id_of("conversation", owner, talk.key, _unique(first))
    platform, _, user = owner.partition(":")
    place = Place(platform, user, user)
    known = [each.at for each in talk.said if each.at is not None]
    last = began = talk.created_at or (known[0] if known else staged.at)
    same: Counter[str] = Counter()
    asked = ""
    for index, said in enumerate(talk.said):
        last = said.at or last
        unique = _unique(said)
        same[unique] += 1
        message_id = id_of("message", thread, unique, str(same[unique]))
        follows = talk.said[index + 1].role if index + 1 < len(talk.said) else ""
        is_user = said.role == "user"
        yield Message(
            message_id,
            said.role,
            said.text,
            place,
            last,
            "delivered" if not is_user else "answered" if follows == "assistant" else "dead",
            thread,
            f"{MARK}{staged.migration}",
            said.name,
            "",
            said.at if is_user else None,
            "" if is_user else asked,
        )
        asked = message_id if is_user else ""
    text = next((each.text for each in talk.said if each.role == "user"), first.text)
    title = title_of(talk.title or text)[:LONGEST_TITLE]
    began = min([began, *known])
    before = staged.conversations.get(thread)
    staged.conversations[thread] = Conversation(
        thread,
        owner,
        before.title if before else title,
        min(began, before.created_at) if before else began,
        max(last, before.updated_at) if before else last,
        (TAG,),
    )
    if before is None:
        staged.people[owner] += 1
    staged.threads[owner, talk.key] = thread


def _in_use(staged: Staged, kept: timedelta | None) -> Iterator[Conversation]:
    """Give the conversations; if some would go at the next cleanup, all count as used just now."""
    found = sorted(staged.conversations.values(), key=lambda each: each.updated_at)
    staged.shifted = bool(found and kept is not None and found[0].updated_at < staged.at - kept)
    for before, each in enumerate(reversed(found)):
        used = staged.at - before * MICROSECOND if staged.shifted else each.updated_at
        yield Conversation(each.id, each.owner, each.title, each.created_at, used, each.tags)


def _row(each: Conversation) -> Mapping[str, Any]:
    return {
        "id": each.id,
        "owner": each.owner,
        "title": each.title,
        "tags": list(each.tags),
        "forked_from": each.forked_from,
        "created_at": stored(each.created_at),
        "updated_at": stored(each.updated_at),
    }


def id_of(*parts: str) -> str:
    """Give the id that something has wherever and whenever it is brought in."""
    return str(uuid5(SPACE, "\0".join(parts)))


def _unique(said: Said) -> str:
    return f"{said.role}\0{said.at.isoformat() if said.at else ''}\0{said.text}"


def _kind(name: str) -> Kind:
    return next(each for each in KINDS if each.name == name)
