"""Carrying out what was decided about an approval, and letting one end without a decision."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import NAMESPACE_OID, uuid5

import structlog

from adapters.contract import Address, ApprovalSettled, Decision, Notice, Outcome, Reply
from bot.addresses import Chat, address_of, chat_of
from bot.answers import as_answer
from bot.approvals import Approvals, Claimed
from bot.cards import settled, verdicts_of
from bot.deciders import OPERATOR
from bot.lanes import Work
from bot.streams import Both, Nowhere, Sink
from bot.turn import Turn
from bot.turns import Turns
from bot.verdicts import shown_hash, summary
from sessions.database import DatabaseError
from sessions.models import ApprovalRecord, Message

log = structlog.get_logger(__name__)

ENDED = ("answered", "rejected", "dead")

Afterwards = Callable[[Sink], Work]


@dataclass(frozen=True)
class Said:
    """What is said at once, and what then goes on: the answer to the message `shows`.

    With `asks` a command has become this message: the agent answers it.
    """

    replies: tuple[Reply, ...]
    then: Afterwards | None = None
    shows: str = ""
    asks: Message | None = None


class Decisions:
    """What follows from decisions: resumed turns, closed threads, and who is told."""

    def __init__(
        self, turns: Turns, approvals: Approvals, *, clock: Callable[[], datetime]
    ) -> None:
        self._turns = turns
        self._approvals = approvals
        self._clock = clock

    async def decide(self, decision: Decision) -> Said:
        """Claim a decision; when this returns it is durable, or refused, or one vote of two."""
        result = await self._approvals.decide(decision)
        if not isinstance(result, Claimed):
            return Said((result,))
        record = result.record
        if decision.sender.person == record.requester:
            await self._turns.sessions.touch(record.session_id, decision.decided_at)

        def then(out: Sink) -> Work:
            return lambda: self._carry_out(record, decision.sender, out)

        return Said((result.settled,), then, record.message_id)

    async def _carry_out(self, record: ApprovalRecord, by: Address, out: Sink) -> None:
        """Resume the turn that asked, and show it where it was asked as well as here."""
        asked_at = address_of(record.place)
        there_and_here = (chat_of(asked_at), chat_of(by))
        await self._turns.board.tell(record, but=there_and_here)
        if chat_of(by) == chat_of(asked_at):
            await self.carry_out(record, out, there_and_here)
            return
        # An answer is the words of the one who asked: another person's chat does not show it.
        admin_key = by.platform == "api" and "/" not in by.user_id
        sees_answer = admin_key or by.person in (OPERATOR, asked_at.person)
        with self._turns.chat(record.place, record.message_id) as there:
            there.put(settled(record, await self._zone(record)))
            if not (sees_answer or await self._stands(record, by)):  # the card there says enough
                out.put(Notice("The answer goes to the one who asked."))
            both = Both(there, out if sees_answer else Nowhere())
            await self.carry_out(record, both, there_and_here[: 1 + sees_answer])

    async def carry_out(
        self, record: ApprovalRecord, out: Sink, shown_in: Collection[Chat] = ()
    ) -> None:
        """Do what a claimed record says, from wherever a crash may have left it.

        `shown_in` are the chats that `out` leads to; the cards elsewhere are told too.
        """
        try:
            try:
                await self._carry_on(record, out)
            finally:
                ended = await self._approvals.records.get(record.id)
                if ended is not None and ended.ended_at is not None:
                    out.put(settled(ended, await self._zone(ended)))
                    await self._turns.board.tell(ended, but=shown_in)
        except DatabaseError as error:
            self._turns.endings.leftovers.note(error)
            raise

    async def _carry_on(self, record: ApprovalRecord, out: Sink) -> None:
        turns = self._turns
        async with turns.lanes.exclusive(record.thread_id):
            # Another session may have gone on with the conversation since.
            record = await self._approvals.records.get(record.id) or record
            row = await turns.conversations.get(record.message_id)
            carried_out = record.ended_at is not None  # while this waited
            if row is not None and record.verdicts and row.state in ENDED:
                # Another decision, or who went on after a crash, took the turn to its end.
                for answer in await turns.conversations.answers_to(row.id):
                    out.put(await as_answer(answer, turns.conversations), answer.id)
                if not carried_out:
                    await self._approvals.close(record, "Carried out with another decision.")
            elif carried_out:
                pass
            elif row is None:
                await self._approvals.close(record, "Its message is gone; nothing was run.")
            elif record.verdicts:
                await self._resume(record, Turn(row), out)
            else:
                await self._close_thread(record, row, out)
            await turns.run_held(record.thread_id)

    async def _resume(self, record: ApprovalRecord, turn: Turn, out: Sink) -> None:
        turns = self._turns
        state = await turns.runner.look(record.thread_id)
        if turn.row.id not in state.human_ids:  # an older threads.db: the message is asked again
            await self._approvals.close(record, "The agent knows nothing of it any more.")
            return
        request = next(
            (each for each in state.requests if each.interrupt_id == record.interrupt_id), None
        )
        if request is None and state.last_human_id != turn.row.id:
            # The thread is another turn's by now: what it says is no answer to this one.
            log.error("a decision came to a thread that had gone on", approval=record.id)
            ending = await turns.ledger.ending_of(record)
            await turns.endings.fail(turn.row, f"This could not be carried out. {ending}", out)
            await self._approvals.close(record, ending)
        elif request is None:
            await turns.go_on(turn, state, out, record)
        elif shown_hash(request.actions) != record.hash:
            log.error("what the agent asks is not what was decided", approval=record.id)
            await turns.runner.close(record.thread_id, "This request changed and was not run.")
            await turns.endings.fail(
                turn.row, "What was asked has changed since; nothing was run.", out
            )
            await self._approvals.close(record, "Nothing was run: the request had changed.")
        else:
            await self._approvals.begin(record)
            events = turns.runner.resume(request, verdicts_of(record), turn.context)
            await turns.drive(turn, events, out, record)

    async def end(
        self,
        records: Sequence[ApprovalRecord],
        outcome: Outcome,
        by: str,
        shown_in: Address | None,
        name: str = "",
    ) -> tuple[ApprovalSettled, ...]:
        """End open approvals without a decision, and close their threads without a model call.

        Who asked is told, unless they are the reader in `shown_in` anyway. `name` is what the
        person `by` is called.
        """
        ended = []
        for record in records:
            claimed = await self._approvals.end_early(record, outcome, by, name)
            if claimed is None:
                continue  # a decision was faster
            ended.append(claimed.settled)
            if shown_in is not None and address_of(record.place) == shown_in:
                await self.carry_out(claimed.record, Nowhere())
                # How it ended is told there already: the same again in other words is no news.
                told = await self._turns.conversations.answers_to(record.message_id)
                await self._turns.conversations.delivered(
                    [each.id for each in told], record.message_id
                )
                continue
            asked_at = chat_of(address_of(record.place))
            with self._turns.chat(record.place, record.message_id) as there:
                there.put(claimed.settled)
                await self.carry_out(claimed.record, there, (asked_at,))
        return tuple(ended)

    async def expire(self) -> int:
        """End what nobody decided in time; count it."""
        due = await self._approvals.records.due(self._clock())
        return len(await self.end(due, "expired", "", None))

    async def withdraw(
        self, thread_id: str, by: str, shown_in: Address | None, name: str = ""
    ) -> tuple[ApprovalSettled, ...]:
        """Withdraw everything that is open in a conversation that ends, and what waits for it."""
        await self._turns.drop_held(thread_id)
        records = await self._approvals.records.open(thread_id=thread_id)
        return await self.end(records, "withdrawn", by, shown_in, name)

    async def _close_thread(self, record: ApprovalRecord, row: Message, out: Sink) -> None:
        """Answer the interrupted message with a sentence; what else is open there ends too."""
        what = "; ".join(map(summary, record.actions))
        ended = "expired" if record.outcome == "expired" else f"was {record.outcome}"
        text = f"This request {ended} and was not run: {what}"
        await self._turns.runner.close(record.thread_id, text)
        others = await self._approvals.records.open(thread_id=record.thread_id)
        for other in others:
            claimed = await self._approvals.end_early(
                other, "withdrawn", record.decided_by, record.decided_name
            )
            if claimed is not None:
                out.put(claimed.settled)
                await self._approvals.close(claimed.record, "Closed with another request.")
                await self._turns.board.tell(claimed.record)
        answer_id = str(uuid5(NAMESPACE_OID, record.id))
        await self._turns.endings.answer(row, answer_id, text, out)
        await self._approvals.close(record, "Nothing was run.")

    async def _stands(self, record: ApprovalRecord, where: Address) -> bool:
        """Say whether a card of it is in this chat."""
        places = await self._turns.conversations.cards.places(record.id)
        return chat_of(where) in [chat_of(address_of(place)) for place in places]

    async def _zone(self, record: ApprovalRecord) -> tzinfo:
        """Give the time zone of the one who asked."""
        return await self._approvals.zone_of(record.requester)
