"""What the thread says of calls that a stop, a crash or a new text left without an answer."""

from collections.abc import Sequence

from langchain_core.messages import AnyMessage, ToolMessage

from bot.agent.ledgered import message_from
from bot.agent.threads import NOT_RUN, answers_for, caller_of, unanswered_calls
from sessions.ledger import Ledger


async def answers_from(
    ledger: Ledger, thread_id: str, messages: Sequence[AnyMessage], text: str = NOT_RUN
) -> list[ToolMessage]:
    """Answer each unanswered call: with what the ledger knows of it, else with `text`.

    So a call that ran is never said not to have run.
    """
    calls = {call["id"]: call for call in unanswered_calls(messages)}
    if not calls:
        return []
    known = {
        each.key.tool_call_id: each
        for each in await ledger.of_thread(thread_id)
        if each.key.ai_message_id == caller_of(messages, each.key.tool_call_id)
    }
    return [
        message_from(calls[each.tool_call_id], known[each.tool_call_id])
        if each.tool_call_id in known
        else each
        for each in answers_for(messages, text)
    ]
