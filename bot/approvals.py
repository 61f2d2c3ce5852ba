"""Approvals: ask, decide exactly once, end. Who may decide is checked here, before anything else.

What happened stands in the approvals table; the session's row shows what is open. An approval is
asked in the table, then in the row, then shown. A complete decision is claimed in the table, first
come first served, before the agent hears of it.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from adapters.contract import (
    Action,
    ApprovalSettled,
    Approve,
    Decision,
    Edit,
    Notice,
    Outcome,
    Refused,
    Verdict,
)
from adapters.json_values import readable, storable
from bot.addresses import address_of
from bot.agent.requests import Request
from bot.cards import as_pending, clock_time, settled, too_late, unknown, verdicts_of
from bot.deciders import Deciders, in_words, strictest
from bot.errors import MisshapenVerdict
from bot.verdicts import (
    outcome_of,
    runs,
    shown_hash,
    to_action,
    to_json,
    to_record,
)
from sessions.approval_records import ApprovalRecords
from sessions.manager import SessionManager
from sessions.models import ActionRecord, ApprovalRecord, JsonObject, Message, Vote
from sessions.store import NoSuchSession

ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ID_LENGTH = 14  # 31 ** 14 is 2 ** 69: not to be guessed, and short enough to be typed

Check = Callable[[Sequence[Action], Sequence[Verdict]], None]


@dataclass(frozen=True)
class Claimed:
    """A decision that is on disk and now has to be carried out."""

    record: ApprovalRecord
    settled: ApprovalSettled


class Approvals:
    """What the agent may not do before a person decides.

    `ended` is told the thread of each approval that has been carried out or closed.
    """

    def __init__(
        self,
        records: ApprovalRecords,
        sessions: SessionManager,
        deciders: Deciders,
        *,
        check: Check,
        zone_of: Callable[[str], Awaitable[tzinfo]],
        ttl: timedelta,
        clock: Callable[[], datetime],
        ended: Callable[[str], None],
    ) -> None:
        self._ended = ended
        self.records = records
        self.deciders = deciders
        self._sessions = sessions
        self._check = check
        self.zone_of = zone_of
        self._ttl = ttl
        self._clock = clock

    async def park(self, row: Message, request: Request) -> ApprovalRecord:
        """Ask for a decision about one interrupt; asking again gives what was asked before.

        If a grant covers all its actions, the record comes back decided.
        """
        requester = address_of(row.place)
        deciders = [self.deciders.of(action, requester) for action in request.actions]
        now = self._clock()
        record = await self.records.ask(
            ApprovalRecord(
                id="".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH)),
                session_id=row.session_id,
                thread_id=row.thread_id,
                interrupt_id=request.interrupt_id,
                message_id=row.id,
                requester=requester.person,
                place=row.place,
                actions=tuple(map(to_record, request.actions, deciders)),
                hash=shown_hash(request.actions),
                decider=strictest(deciders),
                asked_at=now,
                expires_at=now + self._ttl,
            )
        )
        if record.decided_at is None and await self._is_granted(record):
            _, record = await self.records.claim(
                record.id,
                outcome="approved",
                by="a grant for this session",
                where=record.place.platform,
                verdicts=tuple(to_json(Approve()) for _ in record.actions),
                at=now,
            )
        if record.decided_at is None:
            await self._show_in_row(record)
        return record

    async def _show_in_row(self, record: ApprovalRecord) -> None:
        try:
            await self._sessions.park(record.session_id, as_pending(record))
        except NoSuchSession:
            return  # the session was ended meanwhile; the table has it, and the card works

    async def _is_granted(self, record: ApprovalRecord) -> bool:
        if record.decider == "two":
            return False
        granted = await self.records.granted(record.session_id)
        return all(_grant(record, action) in granted for action in record.actions)

    async def decide(self, decision: Decision) -> Claimed | Notice | Refused:
        """Take a person's decision: the person, then its shape, then the claim.

        When this returns `Claimed`, the decision is durable and nobody else's counts any more.
        """
        record = await self.records.get(decision.approval_id)
        if record is None:
            return unknown(decision.approval_id)
        person = decision.sender.person
        verdicts = _for_each(decision.verdicts, len(record.actions))
        zone = await self.zone_of(record.requester)
        refused = self._too_late_or_not_theirs(record, person, zone) or self._misshapen(
            record, verdicts, person
        )
        if refused is not None:
            return refused
        if record.decider == "two" and any(map(runs, verdicts)):
            waiting = await self._vote(record, verdicts, person)
            if waiting is not None:
                return waiting
        return await self._claim(record, verdicts, decision)

    async def refusal(self, approval_id: str, person: str) -> Refused | None:
        """Say why this person cannot decide about it at the moment; None if they can."""
        record = await self.records.get(approval_id)
        if record is None:
            return unknown(approval_id)
        zone = await self.zone_of(record.requester)
        return self._too_late_or_not_theirs(record, person, zone)

    def _too_late_or_not_theirs(
        self, record: ApprovalRecord, person: str, zone: tzinfo
    ) -> Refused | None:
        if not self.deciders.may_decide(record.decider, record.requester, person):
            if (asked := person == record.requester) and record.decided_at is not None:
                return too_late(record, zone)
            withdraw = " /cancel withdraws it." if asked else ""
            only = f"Only {in_words(record.decider)} may decide this.{withdraw}"
            return Refused("not_yours", only)
        if record.decided_at is not None:
            return too_late(record, zone)
        if record.expires_at <= self._clock():
            when = clock_time(record.expires_at, zone)
            return Refused("settled", f"This request expired at {when}.")
        if record.hash != shown_hash([to_action(action) for action in record.actions]):
            return Refused("settled", "What was asked is not what was shown any more.")
        return None

    def _misshapen(
        self, record: ApprovalRecord, verdicts: tuple[Verdict, ...], person: str
    ) -> Refused | None:
        try:
            for verdict in verdicts:
                storable(to_json(verdict))
            self._check([to_action(action) for action in record.actions], verdicts)
            self.deciders.check_reach(record, verdicts, person)
        except (MisshapenVerdict, ValueError) as misshapen:
            return Refused("misshapen", str(misshapen))
        return None

    async def _claim(
        self, record: ApprovalRecord, verdicts: tuple[Verdict, ...], decision: Decision
    ) -> Claimed | Refused:
        sender = decision.sender
        won, record = await self.records.claim(
            record.id,
            outcome=outcome_of(verdicts),
            by=sender.person,
            where=f"{sender.platform}:{sender.chat_id}",
            verdicts=tuple(map(to_json, verdicts)),
            at=self._clock(),
            name=readable(decision.sender_name),
        )
        zone = await self.zone_of(record.requester)
        return Claimed(record, settled(record, zone)) if won else too_late(record, zone)

    async def _vote(
        self, record: ApprovalRecord, verdicts: tuple[Verdict, ...], person: str
    ) -> Notice | Refused | None:
        """Record one of two votes; None when both are there and agree."""
        mine: tuple[JsonObject, ...] = tuple(map(to_json, verdicts))
        votes = await self.records.vote(Vote(record.id, person, mine, self._clock()))
        others = [vote for vote in votes if vote.voter != person]
        if any(tuple(vote.verdicts) == mine for vote in others):
            return None
        if others:
            return Refused(
                "misshapen",
                f"{others[0].voter} decided otherwise. Yours is kept: one of you has to decide as "
                "the other did, or reject it.",
            )
        return Notice(f"One of two: a second admin has to decide the same about {record.id}.")

    async def begin(self, record: ApprovalRecord) -> None:
        """Note that a claimed decision is being carried out, and keep what it grants.

        The grant follows from the claim, so that a decision that came too late grants nothing;
        doing it again after a crash changes nothing.
        """
        for action, verdict in zip(record.actions, verdicts_of(record), strict=True):
            if isinstance(verdict, Approve) and verdict.for_session:
                by, at = record.decided_by, self._clock()
                await self.records.grant(record.session_id, _grant(record, action), by, at)
        await self.records.began(record.id, self._clock())

    async def end_early(
        self, record: ApprovalRecord, outcome: Outcome, by: str, name: str = ""
    ) -> Claimed | None:
        """Let an open approval end without a decision; None if one was faster."""
        at = self._clock()
        won, record = await self.records.claim(
            record.id, outcome=outcome, by=by, where="", verdicts=(), at=at, name=name
        )
        zone = await self.zone_of(record.requester)
        return Claimed(record, settled(record, zone)) if won else None

    async def end_unknown(
        self, thread_id: str, requests: Sequence[Request]
    ) -> Sequence[ApprovalSettled]:
        """End what the agent does not wait for any more: an older threads.db was put back."""
        waits = {request.interrupt_id for request in requests}
        unknown = [
            record
            for record in await self.records.open(thread_id=thread_id)
            if record.interrupt_id not in waits
        ]
        ended = [await self.end_early(record, "withdrawn", "threads.db") for record in unknown]
        for claimed in filter(None, ended):
            await self.close(claimed.record, "The agent knows nothing of it.")
        return [claimed.settled for claimed in ended if claimed is not None]

    async def close(self, record: ApprovalRecord, ending: str) -> None:
        """Note how it ended, and empty its place in the session's row."""
        await self.records.ended(record.id, self._clock(), ending)
        self._ended(record.thread_id)
        await self._sessions.settle(record.session_id, record.id)

    async def open_for(self, person: str) -> list[ApprovalRecord]:
        """List what this person asked for or may decide."""
        return [
            record
            for record in await self.records.open()
            if record.requester == person
            or self.deciders.may_decide(record.decider, record.requester, person)
        ]


def _for_each(verdicts: tuple[Verdict, ...], actions: int) -> tuple[Verdict, ...]:
    single_for_all = len(verdicts) == 1 and not isinstance(verdicts[0], Edit)
    return verdicts * actions if single_for_all else verdicts


def _grant(record: ApprovalRecord, action: ActionRecord) -> str:
    """Name a grant: it covers neither other people nor what somebody else must decide."""
    return f"{action.name}:{action.decider}:{record.requester}"
