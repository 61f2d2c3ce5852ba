"""Stopping what is under way for a person whose words are to go, before anybody goes on with it."""

from datetime import datetime

from sqlalchemy import Connection, and_, or_, select, update

from sessions.database import Database
from sessions.erasing import hash_rows, hashed_actions
from sessions.tables import HAS_NOT_ENDED, IS_UNFINISHED, approvals, conversations, messages
from sessions.times import stored

NOT_DECIDED = ("received", "running", "held")


async def stop(database: Database, person: str, until: datetime, *, now: datetime) -> None:
    """End the messages of a person, and withdraw what they asked for, also if it was decided.

    What is withdrawn has still to be carried out: its thread is to be closed. Its words are gone
    at once, as its cards are shown anew. Only for a start, while nobody works on any of it.
    """
    platform, _, user_id = person.partition(":")
    theirs = select(conversations.c.id).where(
        conversations.c.owner == person, conversations.c.created_at <= stored(until)
    )
    asked = and_(approvals.c.requester == person, approvals.c.asked_at <= stored(until))
    open_ones = and_(HAS_NOT_ENDED, or_(asked, approvals.c.thread_id.in_(theirs)))
    withdrawn = (
        update(approvals)
        .where(open_ones)
        .values(outcome="withdrawn", decided_at=stored(now), decided_by="", verdicts=[])
    )
    waiting = select(approvals.c.message_id).where(HAS_NOT_ENDED)
    ended = (
        update(messages)
        .where(
            IS_UNFINISHED,
            messages.c.state.in_(NOT_DECIDED),
            messages.c.platform == platform,
            messages.c.user_id == user_id,
            # The message of that very moment is the one that asked for it.
            messages.c.created_at < stored(until),
            messages.c.id.not_in(waiting),
        )
        .values(state="rejected")
    )

    def work(db: Connection) -> None:
        db.execute(withdrawn)
        hash_rows(db, approvals, open_ones, actions=hashed_actions)
        db.execute(ended)

    await database.write(work)
