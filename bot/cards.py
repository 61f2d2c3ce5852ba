"""An approval as people see it: open, held up by it, and with its outcome.

Times are those of the one who asked, in `zone`, and so the same on all its cards.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from adapters.contract import (
    ApprovalRequest,
    ApprovalSettled,
    Edit,
    Held,
    Outcome,
    Refused,
    Verdict,
)
from bot.deciders import in_words
from bot.verdicts import from_json, outcome_of, summary, to_action
from sessions.models import ActionRecord, ApprovalRecord, Message, PendingApproval

LONGEST_NAME = 40
"""Characters of a name that somebody chose for themselves."""


def as_request(record: ApprovalRecord, zone: tzinfo = UTC) -> ApprovalRequest:
    """Give an approval as a person is shown it."""
    actions = tuple(map(to_action, record.actions))
    return ApprovalRequest(record.id, actions, record.expires_at.astimezone(zone), record.decider)


def as_pending(record: ApprovalRecord) -> PendingApproval:
    """Give an open approval as the row of its session shows it."""
    return PendingApproval(
        id=record.id,
        actions=tuple(map(summary, record.actions)),
        hash=record.hash,
        decider=record.decider,
        asked_at=record.asked_at,
        expires_at=record.expires_at,
    )


def settled(record: ApprovalRecord, zone: tzinfo = UTC) -> ApprovalSettled:
    """Say how a decided approval was decided."""
    if record.decided_at is None:
        raise ValueError(f"approval {record.id} is open")
    mixed = record.outcome == "mixed"
    what = "; ".join(
        _ran(action, number, record, named=mixed) for number, action in enumerate(record.actions)
    )
    when = clock_time(record.decided_at, zone)
    by = f" by {called(record.decided_by, record.decided_name)}" if record.decided_by else ""
    outcome: Outcome = record.outcome  # type: ignore[assignment] # the table checks the names
    words = "decided" if mixed else outcome
    text = f"{words.capitalize()}{by} at {when}: {what}"
    ending = record.ending if record.ended_at is not None else ""
    return ApprovalSettled(record.id, outcome, record.decided_by, record.decided_at, text, ending)


def _ran(action: ActionRecord, number: int, record: ApprovalRecord, *, named: bool) -> str:
    """Say an action as it was decided: with its new arguments, where they were edited.

    Where each was decided on its own, its verdict is `named`.
    """
    verdict = from_json(record.verdicts[number]) if record.verdicts else None
    said = summary(action)
    if isinstance(verdict, Edit):
        edited = replace(action, arguments=verdict.arguments)
        said = f"{summary(edited)} instead of {said}"
    return f"{outcome_of([verdict])} {said}" if named and verdict is not None else said


def verdicts_of(record: ApprovalRecord) -> tuple[Verdict, ...]:
    """Give the verdicts that were claimed."""
    return tuple(map(from_json, record.verdicts))


def unknown(approval_id: str) -> Refused:
    """Tell that there is no such approval."""
    return Refused("unknown", f"There is no approval {approval_id}.")


def too_late(record: ApprovalRecord, zone: tzinfo = UTC) -> Refused:
    """Tell who comes too late how it was decided."""
    how = settled(record, zone)
    ending = f" It ended: {record.ending}" if record.ending else ""
    return Refused("settled", f"This is decided already. {how.text}.{ending}", how)


def held(row: Message, records: Sequence[ApprovalRecord]) -> Held:
    """Tell a person what their text waits for."""
    undecided = [record for record in records if record.decided_at is None]
    if not undecided:
        text = "Your message is kept and is next: what was decided before it is being carried out."
        return Held(row.id, (), text)
    first = undecided[0]
    what = "; ".join(summary(action) for action in first.actions)
    text = (
        f"Your message is kept and waits until this is decided: {what}\n"
        f"Who can decide: {in_words(first.decider)}, with /approve {first.id} "
        f"or /reject {first.id}. /cancel withdraws it."
    )
    return Held(row.id, tuple(map(as_request, undecided)), text)


def called(person: str, name: str) -> str:
    """Say who somebody is: ``Ann (telegram:12345)``. The id is the truth, the name is chosen."""
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not name:
        return person
    return f"{name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + '…'} ({person})"


def clock_time(at: datetime, zone: tzinfo = UTC) -> str:
    """Say a time of today as it is read in a sentence."""
    return f"{at.astimezone(zone):%H:%M %Z}"
