"""Leaving a conversation: nothing may be open or under way in it then."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from adapters.contract import Reply
from bot.commands.call import Call

PATIENCE_SECONDS = 5
"""How long a command waits for those that were sent before it and are being answered beside it."""


@asynccontextmanager
async def settled(call: Call, thread_id: str) -> AsyncIterator[tuple[Reply, ...]]:
    """Own a thread that is at rest; what was open is withdrawn, and given as it is said.

    A text that waited for what is withdrawn runs now, as always, and may ask for a decision again.
    """
    turns = call.turns
    said: list[Reply] = []
    while True:
        said += await call.decisions.withdraw(
            thread_id, call.sender.person, call.sender, call.row.sender_name
        )
        await _commands_ended(call, thread_id)
        async with call.at_rest(thread_id):
            await turns.run_held(thread_id)
            if not await turns.approvals.records.in_progress(thread_id):
                yield tuple(said)
                return


async def _commands_ended(call: Call, thread_id: str) -> None:
    """Wait for the answers of commands that do not queue, such as /edit with its words."""
    conversations = call.turns.conversations
    for row in await conversations.past.commands_begun(call.row.session_id, thread_id):
        if row.id == call.row.id:
            continue
        with conversations.news.listening(row.id) as changed, suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (now := await conversations.get(row.id)) and now.state == row.state:
                    await changed.wait()
                    changed.clear()
