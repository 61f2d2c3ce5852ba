"""Telling the agent what was said in a conversation that came from elsewhere."""

from collections.abc import Sequence

import structlog
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from bot.commands.call import said
from bot.errors import AgentFailed
from bot.turns import Turns
from sessions.migrating.brought_in import BroughtIn
from sessions.models import Message

log = structlog.get_logger(__name__)

MOST_RETOLD = 400
"""So many messages of a conversation the agent is told at most, and no more than its history."""


async def retell(
    turns: Turns, brought_in: BroughtIn, thread_id: str, *, most_chars: int, is_known: bool
) -> bool:
    """Tell the agent what was said there, unless it has gone on since; say whether it was told.

    With `is_known` it remembers an earlier state of the conversation, which is replaced.
    """
    async with turns.lanes.exclusive(thread_id):
        if is_known and await brought_in.gone_on_with(thread_id):
            return False
        messages = _told(await brought_in.newest(thread_id, most=MOST_RETOLD), most_chars)
        if is_known:
            await turns.runner.forget(thread_id, at_once=False)
        return await tell(turns, thread_id, messages)


async def tell(turns: Turns, thread_id: str, messages: Sequence[AnyMessage]) -> bool:
    """Put messages at the end of a thread that the caller holds; say whether it took them."""
    if not messages:
        return False
    try:
        await turns.runner.append(thread_id, messages)
    except (AgentFailed, KeyError, TypeError, ValueError) as error:  # a graph of one's own
        log.warning("the agent does not take what was said", reason=str(error))
        return False
    return True


def _told(found: Sequence[Message], most_chars: int) -> list[AnyMessage]:
    """Give the newest messages that fit, from one of the person to one of the bot.

    Commands and what was answered to them were not said to the agent.
    """
    commands = {each.id for each in found if each.role == "user" and not said(each.text)}
    heard = [each for each in found if not {each.id, each.answers} & commands]
    while heard and heard[-1].role == "user":
        heard.pop()
    start, room = len(heard), most_chars
    while start and (room := room - len(heard[start - 1].text)) >= 0:
        start -= 1
    while start < len(heard) and heard[start].role != "user":
        start += 1
    return [
        HumanMessage(each.text, id=each.id)
        if each.role == "user"
        else AIMessage(each.text, id=each.id)
        for each in heard[start:]
    ]
