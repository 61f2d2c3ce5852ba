"""The tool with which the agent reminds people of something later."""

from collections.abc import Awaitable, Callable

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool, ToolException

from adapters.contract import Address
from bot.agent.context import current_turn
from bot.agent.threads import calls_before
from bot.errors import NoReminder

Remind = Callable[[Address, str, str, str], Awaitable[str]]
"""Keep a reminder: for whom and where, by what it was caused, its text, and when, in plain words.
What it returns is told to the model."""

NAME = "remind_me"


def reminding_tool(remind: Remind) -> BaseTool:
    """Make the tool. It is on the safe list as it comes."""

    @tool
    async def remind_me(text: str, when: str, runtime: ToolRuntime) -> str:
        """Remind the person who is speaking of something later, in this chat, once or repeatedly.

        `text` is shown to them as it is. `when` is plain English in their own time zone, which is
        known here: in 10 minutes, tomorrow at 9, Monday at 17:30, on 3 March at noon, every day at
        8:30, every Monday, every 2 weeks on Friday, every month on the 1st. Pass on what they
        said, and do not convert it to another time zone.
        """
        turn = current_turn.get()
        # The same call of a turn that runs again after a crash keeps the same reminder.
        ordinal = calls_before(runtime.state["messages"], NAME, str(runtime.tool_call_id))
        try:
            return await remind(turn.person, f"{turn.message_id}/{NAME}/{ordinal}", text, when)
        except NoReminder as why:
            raise ToolException(str(why)) from why

    remind_me.metadata = {"idempotent": True}
    return remind_me
