"""Commands: one function each, in one table that serves every platform.

A command's message is a row like any other. Commands that `queue` wait for their turn in the
conversation; the others are answered at once, also while the agent works.
"""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.contract import (
    Address,
    ApprovalSettled,
    Approve,
    Command,
    Decision,
    Edit,
    Notice,
    Refused,
    Reject,
    Reply,
    Respond,
    Verdict,
)
from bot.addresses import address_of, session_key
from bot.decisions import Decisions, Said
from bot.turns import Turns
from bot.verdicts import summary
from sessions.models import ApprovalRecord, Message, Session

NOTHING_OPEN = "Nothing is open here."
COMMAND = re.compile(r"/([A-Za-z_]+)(?:@\w+)?")
APPROVAL_ID = re.compile(r"[a-z2-9]{14}")


@dataclass(frozen=True)
class Call:
    """One use of a command: who, where, and the words after its name."""

    row: Message
    words: str
    turns: Turns
    decisions: Decisions
    bot_name: str
    commands: Sequence[Command]

    @property
    def sender(self) -> Address:
        """Who calls."""
        return address_of(self.row.place)

    async def session(self) -> Session | None:
        """Give the caller's live session, if there is one."""
        return await self.turns.sessions.find(session_key(self.sender, self.turns.groups))

    async def open(self) -> Sequence[ApprovalRecord]:
        """List what is open in the caller's conversation."""
        session = await self.session()
        records = self.turns.approvals.records
        return await records.open(thread_id=session.thread_id) if session else ()


@dataclass(frozen=True)
class Entry:
    """A command and what it does."""

    command: Command
    run: Callable[[Call], Awaitable[Said]]
    queues: bool = False


def _say(text: str, *suggestions: str) -> Said:
    return Said((Notice(text, suggestions),))


async def start(call: Call) -> Said:
    """Greet, and say what asks first."""
    return _say(
        f"Hello, I am {call.bot_name}. Just write to me.\n"
        "I can chat, tell the time and keep notes for you.\n"
        "Whatever could do harm asks first: you will see what would run, and decide.",
        "/help",
    )


async def help_(call: Call) -> Said:
    """List the commands."""
    lines = [f"/{c.name}{' ' + c.usage if c.usage else ''} - {c.summary}" for c in call.commands]
    return _say("\n".join(lines))


async def new(call: Call) -> Said:
    """Begin a new conversation; what is open in the old one is withdrawn."""
    session = await call.session()
    withdrawn: tuple[Reply, ...] = ()
    if session is not None:
        withdrawn = await call.decisions.withdraw(
            session.thread_id, call.sender.person, call.sender
        )
        at = call.row.sent_at or call.row.created_at
        await call.turns.sessions.new_conversation(session.session_id, at)
        await call.turns.approvals.records.drop_grants(session.session_id)
    return Said((*withdrawn, Notice("A new conversation begins. The earlier one is kept.")))


async def status(call: Call) -> Said:
    """Say what goes on in this conversation."""
    session = await call.session()
    if session is None:
        return _say("There is no session here yet. Write something and one begins.")
    key = session_key(call.sender, call.turns.groups)
    running = call.turns.is_running(session.thread_id)
    lines = [
        f"Session {session.session_id}, since {_time(session.created_at)}.",
        f"Conversation {session.thread_id}.",
        f"{'Working' if running else 'Idle'}; {call.turns.lanes.waiting(key)} messages wait.",
    ]
    lines += [f"Waits for a decision: {_line(record)}" for record in await call.open()]
    return _say("\n".join(lines))


async def stop(call: Call) -> Said:
    """Stop the running turn; a begun action ends first."""
    session = await call.session()
    if session is not None and call.turns.stop(session.thread_id):
        return _say("Stopping. An action that has begun ends first; what was written is kept.")
    return _say("Nothing is running.")


async def whoami(call: Call) -> Said:
    """Tell the caller's own id, as ADMINS and send_message take it."""
    admin = call.turns.approvals.deciders.is_admin(call.sender.person)
    return _say(f"You are {call.sender.person}.{' You are an admin.' if admin else ''}")


async def approvals(call: Call) -> Said:
    """List what waits for a decision."""
    records = await call.turns.approvals.open_for(call.sender.person)
    if not records:
        return _say("Nothing waits for a decision.")
    suggestions = tuple(f"/approve {record.id}" for record in records[:3])
    return _say("\n".join(_line(record) for record in records), *suggestions)


async def approve(call: Call) -> Said:
    """Approve what is open, or the approval whose id is given; `session` grants its like."""
    records, words = await _named(call)
    if words not in ("", "session"):
        return _say("Write /approve, /approve <id>, or /approve <id> session.")
    return await _decide(call, records, lambda _: (Approve(for_session=words == "session"),))


async def reject(call: Call) -> Said:
    """Reject with a reason that the agent is told."""
    records, reason = await _named(call)
    return await _decide(call, records, lambda _: (Reject(reason),))


async def respond(call: Call) -> Said:
    """Answer instead of running the action."""
    records, text = await _named(call)
    if not text:
        return _say("Write the answer after the command: /respond [id] your text")
    return await _decide(call, records, lambda _: (Respond(text),))


async def edit(call: Call) -> Said:
    """Run with other arguments: ``/edit [id] [number] {"name": "value"}``."""
    records, words = await _named(call)
    number, arguments = re.fullmatch(r"(?:(\d+)\s+)?(.*)", words, re.DOTALL).groups()  # type: ignore[union-attr] # matches everything
    try:
        edited = json.loads(arguments)
    except ValueError:
        edited = None
    if not isinstance(edited, dict):
        example = '/edit {"to": "me", "text": "hello"}'
        return _say(f"Write the new arguments as JSON after the command, such as\n{example}")
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
    deciders, person = call.turns.approvals.deciders, call.sender.person
    open_here = await call.open()
    mine = [each for each in open_here if person == each.requester or deciders.is_admin(person)]
    if not mine:
        return _say(
            "Only who asked, or an admin, may withdraw this." if open_here else NOTHING_OPEN
        )
    withdrawn = await call.decisions.end(mine, "withdrawn", person, call.sender)
    return Said((*withdrawn, Notice("Withdrawn; nothing was run.")))


async def _named(call: Call) -> tuple[Sequence[ApprovalRecord], str]:
    """Find the approval that is meant: the one whose id leads the words, else what is open here."""
    first, _, rest = call.words.partition(" ")
    if APPROVAL_ID.fullmatch(first):
        record = await call.turns.approvals.records.get(first)
        if record is not None:
            return (record,), rest.strip()
    return await call.open(), call.words


async def _decide(
    call: Call,
    records: Sequence[ApprovalRecord],
    verdicts: Callable[[ApprovalRecord], tuple[Verdict, ...] | str],
) -> Said:
    if not records:
        return _say(f"{NOTHING_OPEN} /approvals lists what you may decide.")
    if len(records) > 1:
        lines = "\n".join(map(_line, records))
        return _say(f"Several are open; say which by its id:\n{lines}")
    wanted = verdicts(records[0])
    if isinstance(wanted, str):
        return _say(wanted)
    decided_at = call.row.sent_at or datetime.now(UTC)
    decision = Decision(call.sender, records[0].id, wanted, decided_at, call.row.sender_name)
    return await call.decisions.decide(decision)


async def unknown(call: Call) -> Said:  # noqa: ARG001 - every command has this shape
    """Say that there is no such command."""
    return _say("There is no such command. /help lists what there is.", "/help")


def parse(text: str) -> tuple[Entry | None, str]:
    """Find the command that a text is, as ``/new`` or ``/new@thisbot``; None for a plain text."""
    first, *rest = text.strip().split(maxsplit=1)
    match = COMMAND.fullmatch(first)
    if match is None:
        return None, text
    name = match[1].lower()
    entry = next((entry for entry in TABLE if entry.command.name == name), UNKNOWN)
    return entry, "".join(rest).strip()


def text_of(reply: Reply) -> str:
    """Give what a command said, as its answer is stored."""
    match reply:
        case Notice(text) | ApprovalSettled(text=text) | Refused(text=text):
            return text
        case _:
            return ""


def _line(record: ApprovalRecord) -> str:
    what = "; ".join(map(summary, record.actions))
    return f"{record.id} (until {_time(record.expires_at)}): {what}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


UNKNOWN = Entry(Command("unknown", "Say that there is no such command"), unknown)

TABLE: tuple[Entry, ...] = (
    Entry(Command("start", "Say hello and what I can do"), start),
    Entry(Command("help", "List the commands"), help_),
    Entry(Command("new", "Begin a new conversation"), new, queues=True),
    Entry(Command("status", "Say what goes on here"), status),
    Entry(Command("stop", "Stop what is running"), stop),
    Entry(Command("whoami", "Tell your own id"), whoami),
    Entry(Command("approvals", "List what waits for a decision"), approvals),
    Entry(Command("approve", "Let an action run", "[id] [session]"), approve),
    Entry(Command("reject", "Do not let an action run", "[id] [reason]"), reject),
    Entry(Command("edit", "Let it run with other arguments", "[id] [number] {JSON}"), edit),
    Entry(Command("respond", "Answer instead of the action", "[id] text"), respond),
    Entry(Command("cancel", "Withdraw what waits for a decision"), cancel),
)
