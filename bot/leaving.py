"""Leaving a conversation: nothing may be open or under way in it then."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

from adapters.contract import Address, Reply
from bot.decisions import Decisions
from bot.resting import at_rest
from bot.turns import Turns

PATIENCE_SECONDS = 5
"""How long is waited for commands that were sent before and are being answered beside this."""


@asynccontextmanager
async def settled(
    turns: Turns,
    decisions: Decisions,
    thread_id: str,
    *,
    by: str,
    name: str = "",
    shown_in: Address | None,
    sessions: Collection[str],
    but: str = "",
) -> AsyncIterator[tuple[Reply, ...]]:
    """Own a thread that is at rest; what was open is withdrawn, and given as it is said.

    `by` is who ends it, `name` what others call them, and `shown_in` where they read what is
    given. Commands that were begun in these sessions end first, except `but`. A text that waited
    for what is withdrawn runs now, as always, and may ask for a decision again.
    """
    said: list[Reply] = []
    records = turns.approvals.records
    while True:
        said += await decisions.withdraw(thread_id, by, shown_in, name)
        for session_id in sessions:
            await _commands_ended(turns, session_id, thread_id, but)
        async with at_rest(thread_id, turns.lanes, records, turns.conversations.news):
            await turns.run_held(thread_id)
            if not await records.in_progress(thread_id):
                yield tuple(said)
                return


async def _commands_ended(turns: Turns, session_id: str, thread_id: str, but: str) -> None:
    """Wait for the answers of commands that do not queue, such as /edit with its words."""
    conversations = turns.conversations
    for row in await conversations.past.commands_begun(session_id, thread_id):
        if row.id == but:
            continue
        with conversations.news.listening(row.id) as changed, suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (now := await conversations.get(row.id)) and now.state == row.state:
                    await changed.wait()
                    changed.clear()
