"""Commands about approvals: list, decide, withdraw."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from adapters.contract import (
    Approve,
    Decision,
    Edit,
    Reject,
    Respond,
    Verdict,
)
from bot.approvals import ID_LENGTH, ID_LETTERS
from bot.cards import too_late
from bot.commands.call import Call, line, say
from bot.decisions import Said
from sessions.models import ApprovalRecord

NOTHING_OPEN = "Nothing is open here."
NOT_YOURS = "Only who asked, or an admin, may withdraw this."
APPROVAL_ID = re.compile(rf"[{ID_LETTERS}]{{{ID_LENGTH}}}", re.IGNORECASE)
APPROVE_USAGE = "Write /approve, /approve <id>, or /approve <id> session."


async def approvals(call: Call) -> Said:
    """List what waits for a decision."""
    records = await call.turns.approvals.open_for(call.sender.person)
    if not records:
        return say("Nothing waits for a decision.")
    person, deciders = call.sender.person, call.turns.approvals.deciders
    theirs = [r for r in records if deciders.may_decide(r.decider, r.requester, person)]
    suggestions = tuple(f"/approve {record.id}" for record in theirs[:3])
    zone = await call.zone()
    return say("\n".join(line(record, zone) for record in records), *suggestions)


async def approve(call: Call) -> Said:
    """Approve what is open, or the approval whose id is given; `session` grants its like."""
    named = await _named(call)
    if isinstance(named, Said):
        return named
    records, words = named
    if words not in ("", "session"):
        return say(f"Nothing waits under {words.partition(' ')[0][:40]!r}. {APPROVE_USAGE}")
    return await _decide(call, records, lambda _: (Approve(for_session=words == "session"),))


async def reject(call: Call) -> Said:
    """Reject with a reason that the agent is told."""
    named = await _named(call)
    if isinstance(named, Said):
        return named
    records, reason = named
    return await _decide(call, records, lambda _: (Reject(reason),))


async def respond(call: Call) -> Said:
    """Answer instead of running the action."""
    named = await _named(call)
    if isinstance(named, Said):
        return named
    records, text = named
    if not text:
        return say("Write the answer after the command: /respond [id] your text")
    return await _decide(call, records, lambda _: (Respond(text),))


async def edit(call: Call) -> Said:
    """Run with other arguments: ``/edit [id] [number] {"name": "value"}``."""
    named = await _named(call)
    if isinstance(named, Said):
        return named
    records, words = named
    number, arguments = re.fullmatch(r"(?:(\d{1,9})\s+)?(.*)", words, re.DOTALL).groups()  # type: ignore[union-attr] # matches everything
    try:
        edited = json.loads(arguments)
    except (ValueError, RecursionError):
        edited = None
    if not isinstance(edited, dict):
        example = '/edit {"to": "me", "text": "hello"}'
        return say(f"Write the new arguments as JSON after the command, such as\n{example}")
    index = int(number or 1) - 1

    def verdicts(record: ApprovalRecord) -> tuple[Verdict, ...] | str:
        if not 0 <= index < len(record.actions):
            return f"There are {len(record.actions)} actions; {index + 1} is none of them."
        if number is None and len(record.actions) > 1:
            return "There are several actions: /edit <number> {…} edits one, and approves the rest."
        return tuple(Edit(edited) if i == index else Approve() for i in range(len(record.actions)))

    return await _decide(call, records, verdicts)


async def cancel(call: Call) -> Said:
    """Withdraw what is open in this conversation."""
    open_here = await call.open()
    mine = [each for each in open_here if call.may_withdraw(each)]
    if not mine:
        return say(NOT_YOURS if open_here else NOTHING_OPEN)
    person = call.sender.person
    name = call.row.sender_name
    withdrawn = await call.decisions.end(mine, "withdrawn", person, call.sender, name)
    if not withdrawn:
        records = [await call.turns.approvals.records.get(each.id) for each in mine]
        zone = await call.zone()
        return Said(tuple(too_late(each, zone) for each in records if each is not None))
    return Said(withdrawn)


async def _named(call: Call) -> tuple[Sequence[ApprovalRecord], str] | Said:
    """Find the approval that is meant: the one whose id leads the words, else what is open here.

    An id that is mistyped is no reason or answer, and must not decide about something else.
    """
    first, *rest = call.words.split(maxsplit=1) or [""]
    if not APPROVAL_ID.fullmatch(first):
        return await call.open(), call.words
    record = await call.turns.approvals.records.get(first.lower())
    if record is None:
        return say(f"There is no approval {first}. /approvals lists what you may decide.")
    return (record,), "".join(rest).strip()


async def _decide(
    call: Call,
    records: Sequence[ApprovalRecord],
    verdicts: Callable[[ApprovalRecord], tuple[Verdict, ...] | str],
) -> Said:
    if not records:
        return say(f"{NOTHING_OPEN} /approvals lists what you may decide.")
    if len(records) > 1:
        zone = await call.zone()
        lines = "\n".join(line(record, zone) for record in records)
        return say(f"Several are open; say which by its id:\n{lines}")
    wanted = verdicts(records[0])
    if isinstance(wanted, str):
        return say(wanted)
    decided_at = call.row.sent_at or datetime.now(UTC)
    decision = Decision(call.sender, records[0].id, wanted, decided_at, call.row.sender_name)
    return await call.decisions.decide(decision)
