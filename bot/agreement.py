"""Whether sessions.csv, the records and the agent's threads agree; it only reads.

Used after a crash, by tests, and by whoever wants to know. What comes back is empty if all is well.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection

from bot.addresses import address_of, owner_of, session_key
from bot.agent.events import ThreadState
from bot.agent.runner import Runner
from sessions.agreement import (
    RESTART,
    RESTORE,
    Finding,
    Speaker,
    Thread,
    in_records,
    speakers,
    threads,
)
from sessions.database import Database
from sessions.models import Session
from sessions.survey import survey

AT_WORK = ("received", "running")


async def disagreements(
    database: Database, sessions: Sequence[Session], runner: Runner, *, at_rest: bool = True
) -> Sequence[Finding]:
    """Compare everything with everything.

    With `at_rest` nothing is at work, so nothing may be half done. Otherwise only what holds at
    any moment is looked at, and threads on which somebody works are left out.
    """

    def in_tables(db: Connection) -> tuple[list[Finding], Sequence[Thread]]:
        found = list(in_records(db, sessions, at_rest=at_rest))
        return found + list(_strangers(speakers(db), sessions)), threads(db)

    found, known = await survey(database, in_tables)
    for thread in known:
        if at_rest or not _is_at_work(thread):
            found += _in_thread(thread, await runner.look(thread.id))
    return found


def _strangers(told: Iterable[Speaker], sessions: Sequence[Session]) -> Iterator[Finding]:
    """Find who speaks in a session or a conversation that is somebody else's."""
    # The chat may be another: a conversation that is resumed takes along what waits in it.
    whose = {each.session_id: (each.platform, each.user_id) for each in sessions}
    for each in told:
        address = address_of(each.place)
        found = whose.get(each.session_id)
        # GROUP_SESSIONS may have been another one when the message came.
        keys = (session_key(address), session_key(address, "chat"))
        if found is not None and found not in [(key.platform, key.user_id) for key in keys]:
            text = f"A message of {address.person} is in a session of {found[1]}."
            mend = f"put it right in sessions.csv without a bot, or: sessions end {each.session_id}"
            yield Finding("in one's own session", "error", each.session_id, text, mend)
        owners = (None, owner_of(address), owner_of(address, "chat"))
        if each.owner not in owners:
            text = f"A message of {address.person} is in a conversation of {each.owner}."
            yield Finding("in one's own conversation", "error", each.thread_id, text, RESTORE)


def _is_at_work(thread: Thread) -> bool:
    return thread.state in AT_WORK or len(thread.approvals) > len(thread.undecided)


def _in_thread(thread: Thread, found: ThreadState) -> Iterator[Finding]:
    """Compare what the records say of a thread with what the agent's checkpoint says."""
    interrupts = {request.interrupt_id for request in found.requests}
    for interrupt_id in thread.undecided - interrupts:
        text = "The approval is open, and the agent does not wait for it."
        about = thread.approvals[interrupt_id]
        yield Finding("waited for", "error", about, text, RESTART)
    for interrupt_id in interrupts - set(thread.approvals):
        text = f"The agent waits for a decision ({interrupt_id}) that nobody was asked for."
        yield Finding("asked", "error", thread.id, text, RESTART)
    if thread.state != "answered":
        return
    if thread.newest not in found.human_ids:
        text = f"The agent does not remember message {thread.newest}, which was answered."
        yield Finding("remembered", "warning", thread.id, text)
    elif found.finished is None and not interrupts:
        text = f"The agent is in the middle of message {thread.newest}, which was answered."
        yield Finding("finished", "error", thread.id, text, RESTART)
