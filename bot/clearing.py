"""Deleting the words of a conversation, wherever they stand."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.contract import Address, ApprovalSettled, Reply
from bot.decisions import Decisions
from bot.leaving import settled
from bot.library import Library
from bot.turns import Turns
from sessions.models import Message, Place


async def clear_conversation(
    turns: Turns,
    decisions: Decisions,
    library: Library,
    thread_id: str,
    place: Place,
    *,
    by: str,
    shown_in: Address | None = None,
    command: Message | None = None,
) -> tuple[ApprovalSettled, ...]:
    """Delete every word of a conversation; what is open in it is withdrawn, and given.

    `place` is where its person is told things, `command` the message that asks for it. Sessions
    that are in it begin a new one. Doing it again changes nothing.
    """
    past = turns.conversations.past
    sessions = {*await past.sessions_of(thread_id)}
    asked_in = {command.session_id} if command is not None else sessions
    async with settled(
        turns,
        decisions,
        thread_id,
        by=by,
        shown_in=shown_in,
        sessions=asked_in,
        but=command.id if command is not None else "",
    ) as withdrawn:
        for session_id in {*asked_in, *sessions}:
            if await turns.sessions.leave(session_id, thread_id):
                await turns.approvals.records.drop_grants(session_id)
        await turns.runner.forget(thread_id)
        await past.clear(thread_id, place, but=command)
        await library.search.wipe()
    return without_words(withdrawn)


def without_words(ended: Sequence[Reply]) -> tuple[ApprovalSettled, ...]:
    """Say how approvals ended without their words, which are deleted."""
    return tuple(
        replace(each, text=f"{each.outcome.capitalize()} and not run.")
        for each in ended
        if isinstance(each, ApprovalSettled)
    )
