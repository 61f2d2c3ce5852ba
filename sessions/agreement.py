"""Whether the records agree: messages, approvals and ledger with each other and with sessions.csv.

It only reads. `bot/agreement.py` adds what the agent's threads say.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from sessions.models import Place, Session
from sessions.tables import HAS_NOT_ENDED, approvals, conversations, ledger, messages

Severity = Literal["error", "warning"]

#: What mends a finding: words for the operator, a command wherever there is one.
RESTART = "stop the bot and start it again"
RESTORE = "data restore FILE"
REPAIR = "data repair"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree: the rule that it breaks, about what, and as a sentence.

    An error should never be; a warning is what a crash, a failure or a person may have left.
    `mend` says what mends it; empty if nothing has to, or can.
    """

    rule: str
    severity: Severity
    about: str
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A query that finds the ids of what breaks it. Some hold only while nothing is at work."""

    name: str
    query: Select[Any]
    text: str
    at_rest: bool = False
    severity: Severity = "error"
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks in a session and a conversation; `owner` is whose the conversation is."""

    session_id: str
    thread_id: str
    owner: str | None
    place: Place


@dataclass(slots=True)
class Thread:
    """What the records say of a thread: its newest message, and approvals that have not ended.

    The approvals stand under their interrupts; `undecided` are those that wait for a person.
    """

    id: str
    newest: str = ""
    state: str = ""
    approvals: dict[str, str] = field(default_factory=dict)
    undecided: set[str] = field(default_factory=set)


answer = messages.alias("answer")
of_person = messages.c.role == "user"
# Words that were erased may have been the last of a conversation, and a command begins none.
to_the_agent = and_(messages.c.text != "", ~messages.c.text.startswith("/", autoescape=True))
its_approval = and_(approvals.c.message_id == messages.c.id, HAS_NOT_ENDED)
blocking = and_(
    approvals.c.thread_id == messages.c.thread_id, HAS_NOT_ENDED, approvals.c.decided_at.is_(None)
)
its_message = and_(messages.c.id == approvals.c.message_id, messages.c.state == "parked")

RULES = (
    Rule(
        "answered",
        select(messages.c.id).where(
            of_person,
            messages.c.state == "answered",
            ~exists().where(answer.c.answers == messages.c.id),
        ),
        "The message was answered, and nothing was said to it.",
        mend=RESTORE,
    ),
    Rule(
        "told",
        select(messages.c.id).where(
            of_person,
            messages.c.state == "rejected",
            messages.c.text != "",  # of who was forgotten nothing is left to be told
            ~exists().where(answer.c.answers == messages.c.id),
        ),
        "The message was refused without a word, as to a person who is blocked and knows it.",
        severity="warning",
    ),
    Rule(
        "answered once",
        select(answer.c.answers)
        .where(answer.c.answers.is_not(None))
        .group_by(answer.c.answers)
        .having(func.count() > 1),
        "The message has more than one answer.",
        mend=RESTORE,
    ),
    Rule(
        "answered in its place",
        select(answer.c.id)
        .join(messages, answer.c.answers == messages.c.id)
        .where(
            or_(
                answer.c.platform != messages.c.platform,
                answer.c.chat_id != messages.c.chat_id,
                answer.c.user_id != messages.c.user_id,
                answer.c.topic_id != messages.c.topic_id,
                and_(messages.c.thread_id != "", answer.c.thread_id != messages.c.thread_id),
            )
        ),
        "The answer belongs to another person, place or conversation than its message.",
        mend=RESTORE,
    ),
    Rule(
        "worked on",
        select(messages.c.id).where(messages.c.state.in_(("received", "running"))),
        "Nobody works on the message, and it has not ended.",
        at_rest=True,
        mend=RESTART,
    ),
    Rule(
        "parked behind an approval",
        select(messages.c.id).where(messages.c.state == "parked", ~exists().where(its_approval)),
        "The message waits for an approval that there is not.",
        at_rest=True,
        mend=RESTART,
    ),
    Rule(
        "held behind an approval",
        select(messages.c.id).where(messages.c.state == "held", ~exists().where(blocking)),
        "The message is held, and no approval is open in its conversation.",
        at_rest=True,
        mend=RESTART,
    ),
    Rule(
        "in a conversation",
        select(messages.c.id).where(
            of_person,
            messages.c.thread_id != "",
            to_the_agent,
            ~exists().where(conversations.c.id == messages.c.thread_id),
        ),
        "The conversation of the message has no record.",
        mend=REPAIR,
    ),
    Rule(
        "carried out",
        select(approvals.c.id).where(HAS_NOT_ENDED, approvals.c.decided_at.is_not(None)),
        "The approval was decided, and the decision is not carried out.",
        at_rest=True,
        mend=RESTART,
    ),
    Rule(
        "asked by a message",
        select(approvals.c.id).where(
            HAS_NOT_ENDED, approvals.c.decided_at.is_(None), ~exists().where(its_message)
        ),
        "The approval is open, and no message waits for it.",
        at_rest=True,
        mend=RESTART,
    ),
    Rule(
        "known outcome",
        select(ledger.c.tool_call_id).where(ledger.c.ended_at.is_(None)),
        "The action was begun and cut off, so nobody knows its outcome; it does not run again.",
        at_rest=True,
        severity="warning",
    ),
)


def in_records(db: Connection, sessions: Sequence[Session], *, at_rest: bool) -> Iterator[Finding]:
    """Find what does not agree. With `at_rest` nothing is at work, so nothing may be half done."""
    for rule in RULES:
        if at_rest or not rule.at_rest:
            for found in db.execute(rule.query).scalars():
                yield Finding(rule.name, rule.severity, str(found), rule.text, rule.mend)
    yield from _in_threads_of(sessions)
    if at_rest:
        yield from _in_rows(db, sessions)


def _in_threads_of(sessions: Sequence[Session]) -> Iterator[Finding]:
    owners = Counter(session.thread_id for session in sessions)
    for thread_id, many in owners.items():
        if many > 1:
            text = f"The conversation is open in {many} sessions."
            yield Finding("in one session", "error", thread_id, text, RESTART)


def _in_rows(db: Connection, sessions: Sequence[Session]) -> Iterator[Finding]:
    """Compare the open approvals with what the rows of sessions.csv show of them."""
    query = select(approvals.c.id, approvals.c.session_id).where(
        HAS_NOT_ENDED, approvals.c.decided_at.is_(None)
    )
    open_now = {row.id: row.session_id for row in db.execute(query)}
    live = {session.session_id for session in sessions}
    shown = {
        pending.id: session.session_id
        for session in sessions
        for pending in session.pending_approval
    }
    for approval_id, session_id in shown.items():
        if open_now.get(approval_id) != session_id:
            text = f"Session {session_id} shows an approval that is not open in it."
            yield Finding("shown while open", "error", approval_id, text, RESTART)
    for approval_id, session_id in open_now.items():
        if session_id not in live:
            text = "The approval is open, and its session has ended."
            yield Finding("open in a session", "warning", approval_id, text)
        elif approval_id not in shown:
            text = f"The approval is open, and the row of session {session_id} does not show it."
            yield Finding("shown in its row", "error", approval_id, text, RESTART)


def speakers(db: Connection) -> Iterator[Speaker]:
    """Give everybody who speaks in a session and a conversation, once for each."""
    place = (messages.c.platform, messages.c.chat_id, messages.c.user_id, messages.c.topic_id)
    query = (
        select(messages.c.session_id, messages.c.thread_id, conversations.c.owner, *place)
        .outerjoin(conversations, conversations.c.id == messages.c.thread_id)
        .where(of_person, messages.c.session_id != "")
        .distinct()
    )
    for session_id, thread_id, owner, *parts in db.execute(query):
        yield Speaker(session_id, thread_id, owner, Place(*parts))


def threads(db: Connection) -> Sequence[Thread]:
    """Give every thread in which something was said or asked."""
    newest = select(func.max(messages.c.number).label("number")).where(
        of_person, messages.c.thread_id != "", to_the_agent
    )
    last = newest.group_by(messages.c.thread_id).subquery()
    query = select(messages).join(last, last.c.number == messages.c.number)
    found = {row.thread_id: Thread(row.thread_id, row.id, row.state) for row in db.execute(query)}
    for row in db.execute(select(approvals).where(HAS_NOT_ENDED)):
        thread = found.setdefault(row.thread_id, Thread(row.thread_id))
        thread.approvals[row.interrupt_id] = row.id
        if row.decided_at is None:
            thread.undecided.add(row.interrupt_id)
    return list(found.values())
