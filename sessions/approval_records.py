"""What happened to every approval: asked, voted, decided, begun, ended; and what was granted."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    TextClause,
    bindparam,
    delete,
    func,
    select,
    update,
)

from sessions.checksums import change_sealed
from sessions.database import Database
from sessions.models import ActionRecord, ApprovalRecord, JsonObject, Place, Vote
from sessions.tables import HAS_NOT_ENDED, approvals, grants, insert_if_absent, votes
from sessions.times import loaded, stored

PLACE = tuple(field.name for field in fields(Place))
TIMES = ("asked_at", "expires_at", "decided_at", "began_at", "ended_at")
PLAIN = tuple(
    field.name
    for field in fields(ApprovalRecord)
    if field.name not in (*TIMES, "place", "actions", "verdicts")
)

ASK = insert_if_absent(approvals, "thread_id", "interrupt_id")
VOTE = insert_if_absent(votes, "approval_id", "voter")
WITHDRAW_VOTE = delete(votes).where(
    votes.c.approval_id == bindparam("approval"), votes.c.voter == bindparam("who")
)
GRANT = insert_if_absent(grants)
ALL = select(approvals).order_by(approvals.c.number)
BY_ID = ALL.where(approvals.c.id == bindparam("approval"))


class ApprovalRecords:
    """The table of approvals. Every change is on disk when its call returns.

    `decided` is told the outcome of each approval that has ended.
    """

    def __init__(
        self, database: Database, *, decided: Callable[[str], None] = lambda _: None
    ) -> None:
        self._database = database
        self._decided = decided

    async def ask(self, record: ApprovalRecord) -> ApprovalRecord:
        """Store a new approval; one about the same interrupt is given back as it is."""

        def work(db: Connection) -> ApprovalRecord:
            db.execute(ASK, _values(record))
            same = ALL.where(
                approvals.c.thread_id == record.thread_id,
                approvals.c.interrupt_id == record.interrupt_id,
            )
            return _load(db.execute(same).one())

        return await self._database.write(work)

    async def get(self, approval_id: str) -> ApprovalRecord | None:
        """Find an approval by its id."""
        found = await self._read(BY_ID, approval=approval_id)
        return found[0] if found else None

    async def open(self, *, thread_id: str | None = None) -> Sequence[ApprovalRecord]:
        """Give what nobody has decided, in all threads or in one."""
        here = [] if thread_id is None else [approvals.c.thread_id == thread_id]
        return await self._not_ended(approvals.c.decided_at.is_(None), *here)

    async def in_progress(self, thread_id: str) -> Sequence[ApprovalRecord]:
        """Give what has not ended in a thread: open, or decided and still to be carried out."""
        return await self._not_ended(approvals.c.thread_id == thread_id)

    async def unfinished(self, *, thread_id: str | None = None) -> Sequence[ApprovalRecord]:
        """Give what is decided and was not carried out to its end, in all threads or in one."""
        here = [] if thread_id is None else [approvals.c.thread_id == thread_id]
        return await self._not_ended(approvals.c.decided_at.is_not(None), *here)

    async def due(self, now: datetime) -> Sequence[ApprovalRecord]:
        """Give what nobody decided in time."""
        return await self._not_ended(
            approvals.c.decided_at.is_(None), approvals.c.expires_at <= stored(now)
        )

    async def vote(self, vote: Vote) -> Sequence[Vote]:
        """Store a vote, in the place of this person's earlier one, and give all in order.

        Raises:
            KeyError: there is no such approval.
        """

        def work(db: Connection) -> Sequence[Vote]:
            _known(db, vote.approval_id)
            values = asdict(vote) | {"at": stored(vote.at), "verdicts": list(vote.verdicts)}
            db.execute(WITHDRAW_VOTE, {"approval": vote.approval_id, "who": vote.voter})
            db.execute(VOTE, values)
            query = select(votes).where(votes.c.approval_id == vote.approval_id)
            return [
                Vote(row.approval_id, row.voter, tuple(row.verdicts), loaded(row.at))
                for row in db.execute(query.order_by(votes.c.number))
            ]

        return await self._database.write(work)

    async def claim(
        self,
        approval_id: str,
        *,
        outcome: str,
        by: str,
        where: str,
        verdicts: Sequence[JsonObject],
        at: datetime,
        name: str = "",
    ) -> tuple[bool, ApprovalRecord]:
        """Decide an approval if nobody has: whether this call did, and the record as it stands.

        `name` is what the person `by` is called.

        Raises:
            KeyError: there is no such approval.
        """

        def work(db: Connection) -> tuple[bool, ApprovalRecord]:
            mine = update(approvals).where(
                approvals.c.id == approval_id, approvals.c.decided_at.is_(None)
            )
            won = change_sealed(
                db,
                approvals,
                mine.values(
                    decided_at=stored(at),
                    outcome=outcome,
                    decided_by=by,
                    decided_where=where,
                    decided_name=name,
                    verdicts=[dict(verdict) for verdict in verdicts],
                ),
            )
            return won == 1, _known(db, approval_id)

        won, record = await self._database.write(work)
        if won:
            self._decided(outcome)
        return won, record

    async def began(self, approval_id: str, at: datetime) -> None:
        """Note that a decision is being carried out; the first time counts.

        Raises:
            KeyError: there is no such approval.
        """
        await self._note(approval_id, approvals.c.began_at.is_(None), began_at=stored(at))

    async def ended(self, approval_id: str, at: datetime, ending: str) -> None:
        """Note how it ended; the first time counts.

        Raises:
            KeyError: there is no such approval.
        """
        first = approvals.c.ended_at.is_(None)
        await self._note(approval_id, first, ended_at=stored(at), ending=ending)

    async def page(
        self,
        *,
        after: str = "",
        limit: int = 50,
        requester_prefix: str = "",
        open_only: bool = False,
    ) -> Sequence[ApprovalRecord]:
        """Give a page of approvals, the newest first; `after` is the last id of the page before."""
        conditions: list[ColumnElement[bool] | TextClause] = []
        if after:
            before = select(approvals.c.number).where(approvals.c.id == after).scalar_subquery()
            conditions.append(approvals.c.number < before)
        if requester_prefix:
            # Not LIKE, which takes Ann for ann.
            start = func.substr(approvals.c.requester, 1, len(requester_prefix))
            conditions.append(start == requester_prefix)
        if open_only:
            conditions += [approvals.c.decided_at.is_(None), HAS_NOT_ENDED]
        query = select(approvals).where(*conditions).order_by(approvals.c.number.desc())
        return await self._read(query.limit(limit))

    async def grant(self, session_id: str, tool: str, by: str, at: datetime) -> None:
        """Let a tool run without asking for the rest of a session."""
        values = {"session_id": session_id, "tool": tool, "granted_by": by, "at": stored(at)}
        await self._database.write(lambda db: db.execute(GRANT, values))

    async def granted(self, session_id: str) -> frozenset[str]:
        """Give what was granted in a session."""
        query = select(grants.c.tool).where(grants.c.session_id == session_id)
        return await self._database.read(lambda db: frozenset(db.execute(query).scalars()))

    async def drop_grants(self, session_id: str) -> None:
        """Forget what was granted in a session."""
        query = delete(grants).where(grants.c.session_id == session_id)
        await self._database.write(lambda db: db.execute(query))

    async def _note(self, approval_id: str, when: ColumnElement[bool], **values: Any) -> None:
        query = update(approvals).where(approvals.c.id == approval_id, when).values(**values)

        def work(db: Connection) -> None:
            if db.execute(query).rowcount == 0:
                _known(db, approval_id)

        await self._database.write(work)

    async def _not_ended(self, *conditions: ColumnElement[bool]) -> Sequence[ApprovalRecord]:
        return await self._read(ALL.where(HAS_NOT_ENDED, *conditions))

    async def _read(self, query: Select[Any], **values: str) -> Sequence[ApprovalRecord]:
        return await self._database.read(
            lambda db: [_load(row) for row in db.execute(query, values)]
        )


def _known(db: Connection, approval_id: str) -> ApprovalRecord:
    row = db.execute(BY_ID, {"approval": approval_id}).one_or_none()
    if row is None:
        raise KeyError(approval_id)
    return _load(row)


def _values(record: ApprovalRecord) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in PLAIN}
    values |= {name: stored(getattr(record, name)) for name in TIMES}
    values |= {part: getattr(record.place, part) for part in PLACE}
    values["actions"] = [asdict(action) for action in record.actions]
    values["verdicts"] = [dict(verdict) for verdict in record.verdicts]
    return values


def _load(row: Row[Any]) -> ApprovalRecord:
    columns = row._asdict()
    del columns["number"], columns["checksum"]
    columns |= {name: loaded(columns[name]) for name in TIMES}
    columns["place"] = Place(**{part: columns.pop(part) for part in PLACE})
    columns["actions"] = tuple(
        ActionRecord(**(action | {"allowed": tuple(action["allowed"])}))
        for action in columns["actions"]
    )
    columns["verdicts"] = tuple(columns["verdicts"])
    return ApprovalRecord(**columns)
