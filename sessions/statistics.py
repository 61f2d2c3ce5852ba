"""How much was said and decided, by day and platform. It holds nobody's id and nobody's words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Table, and_, case, cast, distinct, func, select

from sessions.database import Database
from sessions.tables import IS_COPIED, approvals, messages
from sessions.times import stored

DAY = timedelta(days=1) // timedelta(microseconds=1)
FIRST_DAY = date(1970, 1, 1)

IS_PERSONS = messages.c.role == "user"
PLATFORM = messages.c.platform
COUNTS = (
    func.count(distinct(case((IS_PERSONS, messages.c.user_id)))).label("people"),
    func.count(distinct(func.nullif(messages.c.thread_id, ""))).label("conversations"),
    func.count(case((IS_PERSONS, 1))).label("messages"),
    func.count(case((messages.c.role == "assistant", 1))).label("replies"),
)
OUTCOME = case((approvals.c.decided_at.is_(None), "open"), else_=approvals.c.outcome)


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened on a platform; `approvals` are those asked, by what became of them."""

    platform: str
    people: int = 0
    conversations: int = 0
    messages: int = 0
    replies: int = 0
    approvals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What happened on a platform on one day of UTC."""

    day: date
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """What happened since a day: on each platform, and day by day, the newest first."""

    since: date
    platforms: Sequence[Figures]
    days: Sequence[DayFigures]


class Statistics:
    """Counts what the records hold. What retention has removed is counted no more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, first: date) -> Report:
        """Count from the beginning of this day on."""
        at = stored(datetime(first.year, first.month, first.day, tzinfo=UTC))
        # Two reads, so that others come between them.
        whole = await self._database.read(lambda db: _count(db, at, by_day=False))
        daily = await self._database.read(lambda db: _count(db, at, by_day=True))
        days = [
            DayFigures(FIRST_DAY + timedelta(days=day), figures)
            for (day, _), figures in sorted(daily.items(), key=lambda one: (-one[0][0], one[0][1]))
        ]
        return Report(first, [figures for _, figures in sorted(whole.items())], days)


def _count(db: Connection, at: int, *, by_day: bool) -> dict[tuple[int, str], Figures]:
    """Count by day and platform; the day is 0 if it does not matter."""
    spoken = _recent(db, messages, messages.c.created_at, at, ~IS_COPIED)
    asked = _recent(db, approvals, approvals.c.asked_at, at)
    message_day = _day(messages.c.created_at) if by_day else cast(0, BigInteger)
    approval_day = _day(approvals.c.asked_at) if by_day else cast(0, BigInteger)
    outcomes: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    query = select(approval_day.label("day"), approvals.c.platform, OUTCOME.label("outcome"))
    query = query.add_columns(func.count().label("many")).where(asked)
    for row in db.execute(query.group_by("day", approvals.c.platform, "outcome")):
        outcomes[row.day, row.platform][row.outcome] = row.many
    counts = select(message_day.label("day"), PLATFORM, *COUNTS).where(spoken)
    found: dict[tuple[int, str], Figures] = {}
    for row in db.execute(counts.group_by("day", PLATFORM)):
        where = (row.day, row.platform)
        found[where] = Figures(
            row.platform,
            row.people,
            row.conversations,
            row.messages,
            row.replies,
            outcomes.pop(where, {}),
        )
    return found | {where: Figures(where[1], approvals=many) for where, many in outcomes.items()}


def _day(column: Any) -> Any:
    return column // DAY


def _recent(db: Connection, table: Table, column: Any, at: int, *counted: Any) -> Any:
    """Give the condition that a row is not older, in terms of its number, which has an index.

    Rows that are `counted` are numbered as time goes on, so the first one is looked for by halving.
    """
    low, high = 1, (db.execute(select(func.max(table.c.number))).scalar_one() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = db.execute(
            select(table.c.number, column.label("at"))
            .where(table.c.number >= middle, *counted)
            .order_by(table.c.number)
            .limit(1)
        ).one_or_none()
        if row is None or row.at >= at:
            high = middle
        else:
            low = row.number + 1
    return and_(table.c.number >= low, column >= at, *counted)
