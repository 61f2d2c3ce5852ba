"""Copying what the agent remembers of a conversation into another one."""

from collections.abc import Callable, Collection, Sequence

from langchain_core.messages import AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig

from bot.agent.attachments import with_files
from bot.agent.runner import Runner
from bot.agent.threads import messages_in


async def copy_threads(
    runner: Runner,
    sources: Sequence[str],
    target: str,
    *,
    turns: Sequence[str],
    left_out: Collection[str],
    renamed: Callable[[str], str],
) -> None:
    """Make a thread of the turns of others, at rest; their owner owns those, and nobody this one.

    `turns` are the ids of what people said, in the order that they are to have; what is `left_out`
    is not in it. What else the first thread keeps for its graph comes along. Doing it again makes
    it anew.
    """
    saver = runner.saver
    await saver.adelete_thread(target)
    found = [await saver.aget_tuple(_config(each)) for each in sources]
    there = [each for each in found if each is not None]
    if not there:
        return
    first = there[0]
    by_turn: dict[str, list[AnyMessage]] = {"": []}
    known = {*turns, *left_out}
    for each in there:
        turn = "" if each is first else None
        for message in messages_in(each):
            if isinstance(message, HumanMessage) and message.id in known:
                turn = str(message.id)
            if turn is not None:
                by_turn.setdefault(turn, []).append(message)
    copied = [
        _named(message, renamed) for turn in ("", *turns) for message in by_turn.get(turn, ())
    ]
    values = first.checkpoint["channel_values"]
    if "messages" in values:
        values = {**values, "messages": copied}
    checkpoint = first.checkpoint.copy()
    checkpoint["channel_values"] = values
    await saver.aput(_config(target), checkpoint, first.metadata, {})
    await runner.append(target, [])


def _named(message: AnyMessage, renamed: Callable[[str], str]) -> AnyMessage:
    if message.id is None:
        return message
    return with_files(message.model_copy(update={"id": renamed(message.id)}), renamed)


def _config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
