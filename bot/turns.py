"""The turn: what happens to a text between being stored and being answered.

A turn runs in its lane, in order of arrival, and owns its LangGraph thread while the agent works.
It ends with an answer, or parks at an approval and then holds nothing: no lock, no lane, no slot.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import structlog
from structlog.contextvars import bind_contextvars, reset_contextvars

from adapters.contract import Accepted, Notice, Refused, TextDelta
from bot.addresses import GroupSessions, address_of, owner_of
from bot.agent.events import Event, Finished, Parked, ThreadState, Watch, only
from bot.agent.requests import Request
from bot.agent.runner import Runner
from bot.approvals import Approvals
from bot.arrivals import Arrivals, as_said
from bot.board import Board
from bot.cards import as_request, held, verdicts_of
from bot.endings import Endings
from bot.errors import AgentFailed
from bot.lanes import Lanes
from bot.leftovers import Leftovers
from bot.limits import Limits
from bot.outbox import Outbox
from bot.streams import Nowhere, ReplyStream, Sink
from bot.turn import Turn
from sessions.conversations import Conversations
from sessions.database import DatabaseError
from sessions.ledger import Ledger
from sessions.manager import SessionManager
from sessions.models import ApprovalRecord, Message, Place
from sessions.people import People

log = structlog.get_logger(__name__)

CONVERSATION_ENDED = (
    "This message waited for a decision and was not worked on: its conversation has ended. "
    "Send it again if it still matters."
)


class Turns:
    """Runs texts through the agent, one at a time in each conversation."""

    def __init__(
        self,
        *,
        sessions: SessionManager,
        conversations: Conversations,
        approvals: Approvals,
        ledger: Ledger,
        runner: Runner,
        lanes: Lanes,
        leftovers: Leftovers,
        outbox: Outbox,
        board: Board,
        people: People,
        limits: Limits,
        groups: GroupSessions,
        watch: Watch,
        clock: Callable[[], datetime],
    ) -> None:
        self.sessions = sessions
        self.conversations = conversations
        self.approvals = approvals
        self.runner = runner
        self.lanes = lanes
        self.limits = limits
        self.groups = groups
        self.ledger = ledger
        self.outbox = outbox
        self.board = board
        self.people = people
        self.endings = Endings(conversations, leftovers, clock=clock)
        self.arrivals = Arrivals(sessions, conversations, groups)
        self._watch = watch
        self._running: dict[str, Turn] = {}

    async def run(self, row: Message, out: Sink) -> None:
        """Answer a person's text in their session, after what was held there before it."""
        while True:
            session = await self.arrivals.of(row, out)
            at, on = session.session_id, session.thread_id
            if await self._in_turn(replace(row, session_id=at, thread_id=on), out):
                return

    async def _in_turn(self, row: Message, out: Sink) -> bool:
        """Run a text on its thread; False if that was resumed elsewhere while the text waited."""
        # Between a decision and its carrying out the thread is free for a moment; a text that
        # came in there would answer the open calls as not run.
        with self.conversations.news.listening(row.thread_id) as ended:
            while True:
                ended.clear()
                async with self.lanes.exclusive(row.thread_id):
                    now = await self.sessions.get(row.session_id)
                    if now is None or now.thread_id != row.thread_id:
                        return False
                    if await self._ask(row, None, out):  # mostly nothing waits there
                        return True
                    await self.run_held(row.thread_id)
                    in_progress = await self.approvals.records.in_progress(row.thread_id)
                    if not in_progress or any(each.decided_at is None for each in in_progress):
                        await self._ask(row, in_progress, out)
                        return True
                await ended.wait()

    async def run_held(self, thread_id: str) -> None:
        """Run the texts that waited for an approval, in order. The caller owns the thread."""
        for row in await self.conversations.held(thread_id):
            if await self.approvals.records.in_progress(thread_id):
                return
            with self.chat(row.place, row.id) as out:
                await self._ask(row, (), out)

    async def drop_held(self, thread_id: str) -> None:
        """End what is held in a conversation that ends; each person is told."""
        async with self.lanes.exclusive(thread_id):
            for row in await self.conversations.held(thread_id):
                with self.chat(row.place, row.id) as out:
                    await self.endings.refuse(row, Refused("settled", CONVERSATION_ENDED), out)

    async def _ask(
        self, row: Message, waiting_for: Sequence[ApprovalRecord] | None, out: Sink
    ) -> bool:
        """Put one text to the agent, or hold it while approvals of its thread have not ended.

        With None nobody has looked: if anything waits there, this does nothing and says False.
        What was begun before a crash may go on.
        """
        if row.state != "running" and (refused := await self.limits.may_ask(row)):
            await self.endings.refuse(row, refused, out)
            return True
        accepted = Accepted(row.id, row.session_id, row.thread_id)
        if waiting_for and row.state != "held":
            others = await self.conversations.held(row.thread_id)
            if len(others) >= self.lanes.most_waiting:
                out.put(accepted)
                waiting = f"{len(others)} wait for a decision already. Send this again after it."
                await self.endings.refuse(row, Refused("busy", waiting), out)
                return True
        row = replace(row, state="held" if waiting_for else "running")
        owner = owner_of(address_of(row.place), self.groups)
        if not await self.conversations.bind(row, owner=owner, if_free=waiting_for is None):
            return False
        out.put(accepted)
        if waiting_for:
            out.put(held(row, waiting_for))
        else:
            turn = Turn(row)
            files = await self.conversations.files.of(row.id) if row.files else ()
            said = as_said(row, self.groups, files)
            await self.drive(turn, self.runner.ask(said, turn.context), out)
        return True

    async def drive(
        self,
        turn: Turn,
        events: AsyncIterator[Event],
        out: Sink,
        carried_out: ApprovalRecord | None = None,
    ) -> None:
        """Follow the agent until it answers or a person has to decide. The thread is owned.

        `carried_out` is the decided approval that these events belong to. What is decided
        already, by a grant or before a crash, is carried out here without a card.
        """
        self._running[turn.row.thread_id] = turn
        tokens = bind_contextvars(session=turn.row.session_id, turn=turn.row.id)
        try:
            async with self.limits.slots.working(turn.stop):
                while True:
                    parked = await self._follow(turn, events, out)
                    await self._close(carried_out)
                    decided = await self._park(turn, parked, out) if parked else None
                    if decided is None:
                        return
                    request, carried_out = decided
                    await self.approvals.begin(carried_out)
                    events = self.runner.resume(request, verdicts_of(carried_out), turn.context)
        except AgentFailed as failed:
            await self.endings.fail(turn.row, str(failed), out)
            await self._close(carried_out, " Then the agent failed.")
        except DatabaseError:
            raise  # it is left as it is stored, to be gone on with
        except Exception:
            log.exception("a turn failed")
            await self.endings.fail(turn.row, "Something went wrong on our side.", out)
            await self._close(carried_out)
        finally:
            del self._running[turn.row.thread_id]
            reset_contextvars(**tokens)

    async def _close(self, carried_out: ApprovalRecord | None, then: str = "") -> None:
        if carried_out is not None:
            ending = await self.ledger.ending_of(carried_out)
            await self.approvals.close(carried_out, f"{ending}{then}")

    async def _follow(self, turn: Turn, events: AsyncIterator[Event], out: Sink) -> Parked | None:
        parked = None
        person = await self.people.get(address_of(turn.row.place).person)
        async for event in self._watch(events):
            match event:
                case TextDelta():
                    if person.streams:
                        out.put(event)
                case Finished():
                    late = turn.stop.because if event.stopped else ""
                    text = f"{event.text}\n\n({late})" if late else event.text
                    await self.endings.answer(turn.row, event.message_id, text, out)
                    if event.stopped and not late:
                        out.put(Notice("Stopped. What was written until then is kept."))
                case Parked():
                    parked = event
        return parked

    async def _park(
        self, turn: Turn, parked: Parked, out: Sink
    ) -> tuple[Request, ApprovalRecord] | None:
        """Ask for decisions; give one that is there already, if any."""
        records = [await self.approvals.park(turn.row, each) for each in parked.requests]
        for request, record in zip(parked.requests, records, strict=True):
            if record.verdicts:
                return request, record
        await self.conversations.mark(turn.row.id, "parked")
        for record in records:
            if record.decided_at is None:  # one that ended without a verdict is being closed
                out.put(as_request(record, await self.people.clock_of(record.requester)))
                await self.board.ask(record)
        return None

    def stop(self, thread_id: str) -> bool:
        """Let the running turn end as soon as a begun action has; False if none runs."""
        if turn := self._running.get(thread_id):
            turn.stop.set()
        return turn is not None

    def is_running(self, thread_id: str) -> bool:
        """Say whether the agent works on this thread right now."""
        return thread_id in self._running

    def pushed(self, place: Place, shows: str) -> ReplyStream:
        """Give a stream that is pushed to a chat; it belongs to the message `shows`.

        Where nobody can be reached it is dropped: what is stored is in the mailbox.
        """
        address = address_of(place)
        stream = self.outbox.stream(address, shows)
        if self.outbox.reaches(address):
            self.lanes.at_once(lambda: self.outbox.show(address, stream))
        else:
            stream.leave()
        return stream

    @contextmanager
    def chat(self, place: Place, shows: str) -> Iterator[Sink]:
        """Push what is said to a chat where nobody reads a turn."""
        stream = self.pushed(place, shows)
        try:
            yield stream
        finally:
            stream.close()

    async def pick_up(self, row: Message) -> None:
        """Go on with a turn that a crash interrupted, wherever it was.

        docs/architecture.md has the table that this follows.
        """
        async with self.lanes.exclusive(row.thread_id):
            now = await self.conversations.get(row.id)
            if now is None or now.state != row.state:
                return  # a decision that was carried out meanwhile has finished it
            row = now  # another session may have gone on with the conversation since
            with self.chat(row.place, row.id) as out:
                state = await self.runner.look(row.thread_id)
                for settled in await self.approvals.end_unknown(row.thread_id, state.requests):
                    out.put(settled)
                if row.id not in state.human_ids:
                    in_progress = await self.approvals.records.in_progress(row.thread_id)
                    await self._ask(row, in_progress, out)
                elif row.state == "parked" and await self.board.shows(row.thread_id):
                    await self.go_on(Turn(row), state, Nowhere())
                else:
                    await self.go_on(Turn(row), state, out)

    async def go_on(
        self, turn: Turn, state: ThreadState, out: Sink, carried_out: ApprovalRecord | None = None
    ) -> None:
        """Take a thread from the state in which it was found to its answer or approval."""
        if state.requests:
            events = only(Parked(state.requests))
        elif state.finished is not None:
            events = only(state.finished)
        else:
            events = self.runner.proceed(turn.context)
        await self.drive(turn, events, out, carried_out)
