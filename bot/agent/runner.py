"""Running the agent on a thread: ask, resume, go on, look, close. The caller owns the thread."""

import asyncio
import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal
from uuid import uuid4

import structlog
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, StateUpdate

from adapters.contract import Action, TextDelta, Verdict
from bot.agent.answers import AGENT_NODE, Listener
from bot.agent.attachments import Saying, human_message
from bot.agent.context import TurnContext, current_turn
from bot.agent.events import Event, Finished, Parked, ThreadState
from bot.agent.failures import sentence_for
from bot.agent.gating import Gatekeeping, gatekeeping
from bot.agent.ledgered import ToolRuns
from bot.agent.notes import Notes
from bot.agent.requests import Request, resume_value, to_request
from bot.agent.saver import ThreadSaver
from bot.agent.shapes import check_verdicts
from bot.agent.threads import (
    NOT_RUN,
    answered_by_tools,
    beyond,
    finished_with,
    messages_in,
    split_at,
    turns_of,
)
from bot.agent.unanswered import answers_from
from bot.errors import AgentFailed, InterruptGone
from sessions.wiping import rewrite, wipe

log = structlog.get_logger(__name__)

STRICT_RESUME = "__pregel_strict_resume"
"""A private key of LangGraph >= 1.2.20: a resume whose interrupt is not open fails (FACTS.md)."""

INTERRUPT = "__interrupt__"
"""Where LangGraph keeps interrupts, in what it streams as in what it stores."""

MOST_STEPS = 250

Durability = Literal["exit", "sync"]
"""When a turn is written: at its end, or each step before the next begins."""


class Runner:
    """One graph with its checkpoints. Each stream of events ends with `Finished` or `Parked`."""

    def __init__(
        self,
        graph: CompiledStateGraph[Any, Any, Any, Any],
        saver: ThreadSaver,
        tools: Mapping[str, BaseTool],
        runs: ToolRuns,
        speaking: frozenset[str] = frozenset({AGENT_NODE}),
        *,
        durability: Durability = "exit",
        history_max_chars: int = sys.maxsize,
        inline_pictures: bool = False,
        notes: Notes | None = None,
    ) -> None:
        self.notes = notes
        self._graph = graph
        self.saver = saver
        self._tools = tools
        self._runs = runs
        self._speaking = speaking
        self._durability = durability
        self._history_max_chars = history_max_chars
        self._inline_pictures = inline_pictures

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that are known."""
        return frozenset(self._tools)

    async def ask(self, said: Saying, context: TurnContext) -> AsyncIterator[Event]:
        """Put what a person said to the agent; doing it again changes nothing.

        Whole turns that the model no longer sees leave the thread; the transcript keeps them.
        """
        with self.saver.remembering(context.thread_id):
            messages = await self._messages(context.thread_id)
            what: dict[str, Any] | None = None
            if context.message_id not in {each.id for each in messages}:
                new = await self._answers(context.thread_id, messages)
                new.append(human_message(said, context.message_id, inline=self._inline_pictures))
                gone = beyond([*messages, *new], self._history_max_chars)
                what = {"messages": [*new, *(RemoveMessage(id=str(each.id)) for each in gone)]}
            async for event in self._run(what, context, self._durability):
                yield event

    async def resume(
        self, request: Request, verdicts: tuple[Verdict, ...], context: TurnContext
    ) -> AsyncIterator[Event]:
        """Carry out what was decided about one interrupt.

        Raises:
            InterruptGone: it is not open.
        """
        if request not in await self._requests(context.thread_id):
            raise InterruptGone(request.interrupt_id)
        self.check(request.actions, verdicts)
        value = resume_value(request, verdicts)
        command: Command[Any] = Command(resume={request.interrupt_id: value})
        async for event in self._run(command, context, "sync"):
            yield event

    async def proceed(self, context: TurnContext) -> AsyncIterator[Event]:
        """Go on with a turn that was cut off in the middle."""
        async for event in self._run(None, context, "sync"):
            yield event

    def check(self, actions: Sequence[Action], verdicts: Sequence[Verdict]) -> None:
        """Raise `MisshapenVerdict` unless every verdict fits its action."""
        check_verdicts(actions, verdicts, self._tools)

    async def look(self, thread_id: str) -> ThreadState:
        """Read a thread as it is on disk."""
        messages = await self._messages(thread_id)
        state = await self._graph.aget_state(_config(thread_id))
        # A node that is still to run may say something else than the last message.
        at_work = bool(state.interrupts or state.next)
        human_ids = [str(m.id) for m in messages if isinstance(m, HumanMessage)]
        return ThreadState(
            exists=bool(messages),
            last_human_id=human_ids[-1] if human_ids else "",
            human_ids=frozenset(human_ids),
            requests=tuple(to_request(each) for each in state.interrupts),
            finished=None if at_work else finished_with(messages),
        )

    async def close(self, thread_id: str, text: str) -> None:
        """End what is open in a thread with a sentence, without calling the model."""
        messages = await self._messages(thread_id)
        refused = await self._answers(thread_id, messages, text)
        await self.append(thread_id, [*refused, AIMessage(text, id=str(uuid4()))])

    async def rewind(self, thread_id: str, message_id: str) -> frozenset[str]:
        """Take a person's message, and all that came of it, out of a thread; give what is left."""
        kept, gone = split_at(await self._messages(thread_id), message_id)
        if gone:
            await self.append(thread_id, [RemoveMessage(id=str(each.id)) for each in gone])
        return frozenset(str(each.id) for each in kept)

    async def take_out(self, thread_id: str, message_ids: Collection[str]) -> None:
        """Take these messages of people, and what came of them, out of a thread, every byte."""
        gone = turns_of(await self._messages(thread_id), message_ids)
        if gone:
            await self.append(thread_id, [RemoveMessage(id=str(each.id)) for each in gone])
            await self.wipe()

    async def forget(self, thread_id: str, *, at_once: bool = True) -> None:
        """Delete a thread, every byte of it; if not at once, the last ones go with `wipe`."""
        await self.saver.adelete_thread(thread_id)
        if at_once:
            await self.wipe()

    async def wipe(self) -> None:
        """Remove what deleted threads have left in their file."""
        await asyncio.to_thread(wipe, self.saver.path)

    def held(self) -> AbstractAsyncContextManager[None]:
        """Write no thread while the ``with`` lasts; turns that want to, wait meanwhile."""
        return self.saver.held()

    async def rewrite(self) -> bool:
        """Write the file of the threads anew if that is due; say whether it was."""
        return await asyncio.to_thread(rewrite, self.saver.path)

    async def _run(
        self, what: Any, context: TurnContext, durability: Durability
    ) -> AsyncIterator[Event]:
        listener = Listener(self._speaking)
        said: asyncio.Queue[TextDelta | None] = asyncio.Queue()
        run = asyncio.create_task(self._pump(what, context, durability, listener, said))
        stopping = asyncio.create_task(context.cancel_when_stopped(run))
        at_rest = False
        try:
            while (delta := await said.get()) is not None:
                yield delta
            await run
            end = await self._outcome(context, listener)
            at_rest = isinstance(end, Finished)
            yield end
        except asyncio.CancelledError:
            if not context.stop.is_set() or _is_cancelled():
                raise
            yield await self._keep(context, what, listener.text)
        except AgentFailed:
            raise
        except Exception as error:
            # Writing a trace reads source files, so not in the loop.
            await asyncio.to_thread(log.error, "the agent failed", exc_info=error)
            raise AgentFailed(sentence_for(error)) from error
        finally:
            for task in (run, stopping):
                task.cancel()
            await asyncio.gather(run, stopping, return_exceptions=True)
            if at_rest:
                await self.saver.at_rest(context.thread_id)

    async def _pump(
        self,
        what: Any,
        context: TurnContext,
        durability: Durability,
        listener: Listener,
        said: asyncio.Queue[TextDelta | None],
    ) -> None:
        current_turn.set(context)  # this task's own: nobody else sees it
        gatekeeping.set(Gatekeeping(self._runs, asyncio.get_running_loop()))
        config = _config(context.thread_id)
        config["configurable"][STRICT_RESUME] = True
        try:
            stream = self._graph.astream(
                what,
                config,
                stream_mode=["messages"],
                durability=durability,
                version="v2",
                subgraphs=True,
            )
            async for part in stream:
                if text := listener.hear(part):
                    said.put_nowait(TextDelta(text))
            # A node that ends with an interrupt may leave a tool of its own at work.
            await context.tools_at_rest()
        finally:
            said.put_nowait(None)

    async def _outcome(self, context: TurnContext, listener: Listener) -> Event:
        found = await self.saver.aget_tuple(_config(context.thread_id))
        # To look for open interrupts costs as much as all the rest, so only if there was one.
        writes = found.pending_writes or () if found else ()
        interrupted = any(channel == INTERRUPT for _, channel, _ in writes)
        if interrupted and (requests := await self._requests(context.thread_id)):
            return Parked(requests)
        messages = messages_in(found)
        if direct := answered_by_tools(messages):
            await self.append(context.thread_id, [direct])
            messages.append(direct)
        finished = finished_with(messages)
        if finished is None:
            raise AgentFailed("The agent ended without an answer.")
        if not context.stop.is_set():
            return finished
        return Finished(finished.message_id, listener.text or finished.text, stopped=True)

    async def _keep(self, context: TurnContext, what: Any, text: str) -> Finished:
        """Keep in the thread what was asked and written until the turn was stopped."""
        messages = await self._messages(context.thread_id)
        kept = await self._answers(context.thread_id, messages)
        if isinstance(what, dict) and context.message_id not in {each.id for each in messages}:
            kept = [*what["messages"]]
        answer = AIMessage(text or "(Stopped before anything was written.)", id=str(uuid4()))
        await self.append(context.thread_id, [*kept, answer])
        return Finished(str(answer.id), answer.text, stopped=True)

    async def append(self, thread_id: str, messages: Sequence[AnyMessage | RemoveMessage]) -> None:
        """Add or remove messages and leave the thread at rest: nothing open, nothing to run."""
        await self._graph.abulk_update_state(
            _config(thread_id),
            [
                [StateUpdate({"messages": list(messages)}, "__start__")],
                [StateUpdate(None, "__end__")],
            ],
        )
        await self.saver.at_rest(thread_id)

    async def _messages(self, thread_id: str) -> list[AnyMessage]:
        """Read the committed messages; `get_state` would show pending writes too (FACTS.md)."""
        return messages_in(await self.saver.aget_tuple(_config(thread_id)))

    async def _answers(
        self, thread_id: str, messages: Sequence[AnyMessage], text: str = NOT_RUN
    ) -> list[AnyMessage]:
        return [*await answers_from(self._runs.ledger, thread_id, messages, text)]

    async def _requests(self, thread_id: str) -> tuple[Request, ...]:
        state = await self._graph.aget_state(_config(thread_id))
        return tuple(to_request(each) for each in state.interrupts)


def _config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}, "recursion_limit": MOST_STEPS}


def _is_cancelled() -> bool:
    return (task := asyncio.current_task()) is not None and task.cancelling() > 0
