"""Keeping out of an import what people who were forgotten had said before that."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, update

from sessions.erasing import hashed, hashed_actions, hashed_verdicts
from sessions.past import title_of
from sessions.tables import conversations, messages
from sessions.times import stored

Row = Mapping[str, Any]


class KeptOut:
    """Says of each row of an export whether it may come in, and with which words.

    `untils` are the times until which people are forgotten, under their hashes, of which a person
    has one for each key. It remembers which conversations somebody had spoken in who was
    forgotten: conversations come first. What stands at a time behind `now` was written by a clock
    that was ahead, and nobody knows when: it is left out too.
    """

    def __init__(
        self,
        untils: Mapping[str, int],
        hashes_of: Callable[[str], Sequence[str]],
        made_at: str,
        *,
        now: int,
    ) -> None:
        self._untils = untils
        self._hashes_of = hashes_of
        self._now = now
        self._made_at = _time(made_at)
        self._threads: dict[str, int] = {}
        self._asked: set[str] = set()
        self._by_kind: Mapping[str, Callable[[Row], Row | None]] = {
            "conversations": self._conversation,
            "messages": self._message,
            "approvals": self._approval,
            "votes": self._vote,
            "actions": self._action,
            "reminders": lambda row: self._unless(_person(row), row["created_at"], row),
            "people": lambda row: self._unless(row["person"], self._made_at, row),
            "usage": lambda row: self._unless(row["person"], min(_day(row["day"]), now), row),
        }

    def row(self, kind: str, row: Row) -> Row | None:
        """Give a row as it may come in; None if it may not."""
        look = self._by_kind.get(kind) if self._untils else None
        return row if look is None else look(row)

    def has_note(self, person: str, created_at: str) -> bool:
        """Say whether a note, by the time that stands in it, may not come in."""
        return self._is_forgotten(person, _time(created_at))

    def leave_no_trace(self, db: Connection, row: Row) -> None:
        """Take the title of a conversation away that is what a message, kept out, had said."""
        here = conversations.c.id == row["thread_id"]
        same = conversations.c.title == title_of(row["text"])
        if row["text"]:
            db.execute(update(conversations).where(here, same).values(title=""))

    def leave_no_empty_ones(self, db: Connection) -> None:
        """Remove conversations of which every message was kept out."""
        said = exists().where(messages.c.thread_id == conversations.c.id)
        for thread_id in self._threads:
            db.execute(delete(conversations).where(conversations.c.id == thread_id, ~said))

    def _conversation(self, row: Row) -> Row | None:
        if self._is_forgotten(row["owner"], row["created_at"]):
            self._note(row["id"], row["owner"])
            return None
        return row

    def _message(self, row: Row) -> Row | None:
        if self._is_forgotten(_person(row), row["created_at"]):
            self._note(row["thread_id"], _person(row))
            return None
        return row

    def _approval(self, row: Row) -> Row:
        if self._is_forgotten(row["requester"], row["asked_at"]):
            self._asked.add(row["id"])
            words = {"actions": hashed_actions(row["actions"])}
        elif self._is_forgotten(row["decided_by"], row["decided_at"] or 0):
            words = {}
        else:
            return row
        return {**row, **words, "verdicts": hashed_verdicts(row["verdicts"]), "decided_name": ""}

    def _vote(self, row: Row) -> Row:
        if row["approval_id"] in self._asked or self._is_forgotten(row["voter"], row["at"]):
            return {**row, "verdicts": hashed_verdicts(row["verdicts"])}
        return row

    def _action(self, row: Row) -> Row:
        # Whom of several it ran for does not stand in it.
        until = self._threads.get(row["thread_id"], -1)
        if until < 0 or until < row["begun_at"] <= self._now:
            return row
        return {**row, "arguments": hashed(row["arguments"]), "result": hashed(row["result"])}

    def _unless(self, person: str, at: int, row: Row) -> Row | None:
        return None if self._is_forgotten(person, at) else row

    def _is_forgotten(self, person: str, at: int) -> bool:
        until = self._until(person) if self._untils else -1
        return until >= 0 and (at <= until or at > self._now)

    def _until(self, person: str) -> int:
        return max(self._untils.get(each, -1) for each in self._hashes_of(person))

    def _note(self, thread_id: str, person: str) -> None:
        until = self._until(person)
        self._threads[thread_id] = max(until, self._threads.get(thread_id, 0))


def _person(row: Row) -> str:
    return f"{row['platform']}:{row['user_id']}"


def _time(text: str) -> int:
    """Read a time, of UTC unless it says otherwise; the beginning of time if it is none."""
    try:
        at = datetime.fromisoformat(text)
        return stored(at if at.tzinfo else at.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return 0


def _day(text: str) -> int:
    """Give the end of a day, so that of the day on which somebody was forgotten all stays."""
    try:
        return stored(datetime.fromisoformat(text).replace(hour=23, minute=59, tzinfo=UTC))
    except ValueError:
        return 0
