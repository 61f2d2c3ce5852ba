"""What an export holds, kind by kind: which rows belong to it, and how they look as JSON.

A row is a JSON object with the columns of its table, without its number and checksum. Times are
ISO 8601 in UTC. The bytes of a file stand in an entry of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    LargeBinary,
    Select,
    Table,
    Text,
    and_,
    exists,
    select,
)
from sqlalchemy.types import JSON

from sessions.checked_rows import checked_json, checked_plain, checked_time
from sessions.platform_tables import files
from sessions.tables import (
    approvals,
    conversations,
    ledger,
    messages,
    people,
    reminders,
    usage,
    votes,
)
from sessions.times import loaded

FORMAT = "threadline-export"
VERSION = 1
MANIFEST = "manifest.json"
CONTENT = "content/"
NOT_EXPORTED = ("number", "checksum")
"""What belongs to one database: the place of a row in it, and what follows from the others."""


class ArchiveRefused(Exception):
    """This is no archive that can be taken in; the text is a sentence. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Of whom an export is: everything, one person (``telegram:12345``), or one session."""

    kind: Literal["everything", "person", "session"] = "everything"
    of: str = ""


Which = Callable[[str], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One file of an export. `unique` are the columns that make a row the same row."""

    name: str
    table: Table
    unique: tuple[str, ...]
    of_person: Which
    of_session: Which | None

    def rows(self, scope: Scope) -> Select[Any] | None:
        """Select what belongs to an export, in order; None if it has none of this kind."""
        query = select(*self.columns)
        number = self.table.c.get("number")
        ordered = query.order_by(*(self.table.primary_key if number is None else (number,)))
        if scope.kind == "person":
            return ordered.where(self.of_person(scope.of))
        if scope.kind == "session":
            return None if self.of_session is None else ordered.where(self.of_session(scope.of))
        return ordered

    @property
    def columns(self) -> list[Any]:
        """The columns that are exported."""
        return [
            each
            for each in self.table.c
            if each.name not in NOT_EXPORTED and not isinstance(each.type, LargeBinary)
        ]

    def as_json(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Give a row as it stands in an export."""
        return {
            each.name: _time(row[each.name]) if is_time(each) else row[each.name]
            for each in self.columns
        }

    def as_row(self, found: Any, where: str) -> dict[str, Any]:
        """Give an object of an export as a row.

        Raises:
            ArchiveRefused: it is none.
        """
        names = {each.name for each in self.columns}
        if not isinstance(found, dict) or set(found) != names:
            raise ArchiveRefused(f"{where} does not have the fields {', '.join(sorted(names))}.")
        try:
            return {each.name: _value(each, found[each.name]) for each in self.columns}
        except (TypeError, ValueError) as error:
            raise ArchiveRefused(f"{where} is not as it should be: {error}.") from None


def _time(value: int | None) -> str | None:
    at = loaded(value)
    return None if at is None else at.isoformat()


def is_time(column: Any) -> bool:
    """Say whether a column holds a time."""
    name: str = column.name
    return isinstance(column.type, BigInteger) and (name == "at" or name.endswith("_at"))


def _value(column: Any, value: Any) -> Any:
    if value is None:
        if not column.nullable:
            raise ValueError(f"{column.name} is missing")
        return None
    if is_time(column):
        return checked_time(column.name, value)
    if isinstance(column.type, JSON):
        return checked_json(column.name, value)
    kind = str if isinstance(column.type, Text) else bool if _is_flag(column) else int
    return checked_plain(column.name, value, kind)


def _is_flag(column: Any) -> bool:
    return isinstance(column.type, Boolean)


def _placed(table: Table) -> Which:
    def which(person: str) -> ColumnElement[bool]:
        platform, _, user = person.partition(":")
        return and_(table.c.platform == platform, table.c.user_id == user)

    return which


def _with_message(person_or_session: Which, message_id: ColumnElement[str]) -> Which:
    return lambda of: exists().where(messages.c.id == message_id, person_or_session(of))


def _of_session(session_id: str) -> ColumnElement[bool]:
    return messages.c.session_id == session_id


def _in_threads(session_id: str, thread: ColumnElement[str]) -> ColumnElement[bool]:
    return thread.in_(select(messages.c.thread_id).where(_of_session(session_id)))


def _with_approval(which: Which) -> Which:
    return lambda of: exists().where(approvals.c.id == votes.c.approval_id, which(of))


def _asked_by(person: str) -> ColumnElement[bool]:
    return approvals.c.requester == person


def _asked_in(session_id: str) -> ColumnElement[bool]:
    return approvals.c.session_id == session_id


KINDS = (
    Kind(
        "conversations",
        conversations,
        ("id",),
        lambda person: conversations.c.owner == person,
        lambda session: _in_threads(session, conversations.c.id),
    ),
    Kind("messages", messages, (), _placed(messages), _of_session),
    Kind(
        "files",
        files,
        ("id",),
        _with_message(_placed(messages), files.c.message_id),
        _with_message(_of_session, files.c.message_id),
    ),
    Kind("approvals", approvals, (), _asked_by, _asked_in),
    Kind(
        "votes",
        votes,
        ("approval_id", "voter"),
        _with_approval(_asked_by),
        _with_approval(_asked_in),
    ),
    Kind(
        "actions",
        ledger,
        ("thread_id", "ai_message_id", "tool_call_id"),
        lambda person: ledger.c.thread_id.in_(
            select(conversations.c.id).where(conversations.c.owner == person)
        ),
        lambda session: _in_threads(session, ledger.c.thread_id),
    ),
    Kind("reminders", reminders, ("id",), _placed(reminders), None),
    Kind("people", people, ("person",), lambda person: people.c.person == person, None),
    Kind("usage", usage, ("person", "day"), lambda person: usage.c.person == person, None),
)
