"""References between rows that no foreign key guards, and how each is mended."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, or_, select, update

from sessions.agreement import REPAIR, RULES, Finding, Rule
from sessions.data_tables import note_changed
from sessions.past import title_of
from sessions.platform_tables import files
from sessions.tables import (
    approvals,
    conversations,
    dead_letters,
    insert_if_absent,
    messages,
    parts,
)

Mend = Callable[[Connection, Sequence[str]], None]

EMPTY = "conversation of messages"
"""The rule that a conversation has messages."""

IN_PORTIONS = 500

its_files = (
    select(func.count())
    .where(files.c.message_id == messages.c.id, files.c.goes_out.is_(False))
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Mendable:
    """A rule, and what makes it hold again for those that break it."""

    rule: Rule
    mend: Mend


def _recount_files(db: Connection, ids: Sequence[str]) -> None:
    db.execute(update(messages).where(messages.c.id.in_(ids)).values(files=its_files))


def _drop_letters(db: Connection, ids: Sequence[str]) -> None:
    db.execute(delete(dead_letters).where(dead_letters.c.message_id.in_(ids)))


def _drop_parts(db: Connection, ids: Sequence[str]) -> None:
    db.execute(delete(parts).where(parts.c.shows.in_(ids)))


def _drop_conversations(db: Connection, ids: Sequence[str]) -> None:
    db.execute(delete(conversations).where(conversations.c.id.in_(ids)))


def _begin_conversations(db: Connection, ids: Sequence[str]) -> None:
    """Write the records anew that messages lack, where it is clear whose they are."""
    threads = select(messages.c.thread_id).where(messages.c.id.in_(ids)).distinct()
    for thread_id in db.execute(threads).scalars().all():
        of_people = (messages.c.thread_id == thread_id, messages.c.role == "user")
        rows = db.execute(select(messages).where(*of_people).order_by(messages.c.number)).all()
        owners = {f"{row.platform}:{row.user_id}" for row in rows}
        if len(owners) != 1:
            continue
        said = next(row.text for row in rows if row.text and not row.text.startswith("/"))
        conversation = {
            "id": thread_id,
            "owner": owners.pop(),
            "title": title_of(said),
            "created_at": rows[0].created_at,
            "updated_at": rows[-1].created_at,
            "tags": [],
            "forked_from": "",
        }
        db.execute(insert_if_absent(conversations, "id"), conversation)
        note_changed(db, messages.c.thread_id == thread_id)  # now its owner may find them


MENDABLE = (
    Mendable(
        Rule(
            "files counted",
            select(messages.c.id).where(messages.c.files != its_files),
            "The message does not have as many files as its row says.",
            mend=REPAIR,
        ),
        _recount_files,
    ),
    Mendable(
        Rule(
            "dead letter",
            select(dead_letters.c.message_id)
            .join(messages, messages.c.id == dead_letters.c.message_id)
            .where(messages.c.state != "dead"),
            "The message is listed as a dead letter, and is none.",
            severity="warning",
            mend=REPAIR,
        ),
        _drop_letters,
    ),
    Mendable(
        Rule(
            "shown parts",
            select(parts.c.shows)
            .where(
                ~or_(
                    exists().where(messages.c.id == parts.c.shows),
                    exists().where(approvals.c.id == parts.c.shows),
                )
            )
            .distinct(),
            "A platform is said to show parts of what is not there.",
            severity="warning",
            mend=REPAIR,
        ),
        _drop_parts,
    ),
    Mendable(
        Rule(
            EMPTY,
            select(conversations.c.id).where(
                ~exists().where(messages.c.thread_id == conversations.c.id)
            ),
            "The conversation has a record and no message.",
            severity="warning",
            mend=REPAIR,
        ),
        _drop_conversations,
    ),
    *(Mendable(rule, _begin_conversations) for rule in RULES if rule.name == "in a conversation"),
)


def in_references(db: Connection) -> Iterator[Finding]:
    """Find the references that lead nowhere."""
    for rule in (each.rule for each in MENDABLE if each.rule not in RULES):
        for found in db.execute(rule.query).scalars():
            yield Finding(rule.name, rule.severity, str(found), rule.text, rule.mend)


def mend_references(db: Connection) -> int:
    """Mend them in the caller's transaction; count what is mended."""
    mended = 0
    for each in MENDABLE:
        before = list(db.execute(each.rule.query).scalars())
        for start in range(0, len(before), IN_PORTIONS):
            each.mend(db, before[start : start + IN_PORTIONS])
        if before:
            mended += len(before) - len(list(db.execute(each.rule.query).scalars()))
    return mended
