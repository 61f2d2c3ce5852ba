"""Leaving a conversation by a command."""

from contextlib import AbstractAsyncContextManager

from adapters.contract import Reply
from bot.commands.call import Call
from bot.leaving import settled as settled_by


def settled(call: Call, thread_id: str) -> AbstractAsyncContextManager[tuple[Reply, ...]]:
    """Own a thread that is at rest; what was open is withdrawn, and given as it is said."""
    return settled_by(
        call.turns,
        call.decisions,
        thread_id,
        by=call.sender.person,
        name=call.row.sender_name,
        shown_in=call.sender,
        sessions=(call.row.session_id,),
        but=call.row.id,
    )
