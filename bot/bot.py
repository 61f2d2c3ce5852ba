"""The bot: one callable that takes what a person sent and gives what is said to them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import structlog
from structlog.contextvars import bound_contextvars

from adapters.contract import (
    Accepted,
    Command,
    Decision,
    Failure,
    IncomingMessage,
    Refused,
    Replies,
)
from adapters.json_values import readable
from adapters.platform import DeliveryFailed
from bot.addresses import address_of, place_of, session_key
from bot.alarms import Alarms
from bot.answers import as_answer
from bot.approvals import Approvals
from bot.care import Care
from bot.commands import TABLE, Call, Entry, answer_id, is_always_heard, parse, text_of
from bot.deciders import OPERATOR
from bot.decisions import Decisions
from bot.health import Check, Part
from bot.lanes import LaneFull
from bot.library import Library
from bot.office import Office
from bot.reminders import Reminding
from bot.streams import ReplyStream
from bot.turns import Turns
from bot.vault import Vault
from sessions.conversations import Conversations
from sessions.database import DatabaseError
from sessions.files import File
from sessions.manager import SessionManager
from sessions.models import Message, Session

log = structlog.get_logger(__name__)

WENT_WRONG = "Something went wrong on our side."
TOO_MANY = Refused(
    "busy", "Too many of your messages wait already. Send this again when one is answered."
)
LATER = "The bot is stopping. Your message is kept and goes on when it is back."


@dataclass(frozen=True)
class Bot:
    """What adapters, the web and the command line speak to."""

    name: str
    turns: Turns
    decisions: Decisions
    reminding: Reminding
    checks: Sequence[Check]
    alarms: Alarms
    office: Office
    care: Care
    vault: Vault
    library: Library
    clock: Callable[[], datetime]

    @property
    def sessions(self) -> SessionManager:
        """The live sessions."""
        return self.turns.sessions

    @property
    def conversations(self) -> Conversations:
        """What was said."""
        return self.turns.conversations

    @property
    def approvals(self) -> Approvals:
        """What was asked and decided."""
        return self.turns.approvals

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands, for platforms that list them."""
        return tuple(entry.command for entry in TABLE)

    @asynccontextmanager
    async def handle(self, inbound: IncomingMessage | Decision) -> AsyncIterator[Replies]:
        """Take something in and give the replies to it.

        Entering means that it is on disk. The turn is a task of its own and finishes though the
        reader leaves; an answer that was read to the end of the stream counts as delivered. If
        the reader leaves earlier, or raises DeliveryFailed, the outbox goes on.
        """
        outbox = self.turns.outbox
        stream = outbox.stream(inbound.sender)
        if isinstance(inbound, Decision):
            await self._take_decision(inbound, stream)
        else:
            await self._take_message(inbound, stream)
        try:
            async with outbox.showing(inbound.sender, stream) as replies:
                yield replies
        except DeliveryFailed as failed:
            outbox.wake(inbound.sender, after=failed.retry_after or 0)
        except BaseException:
            outbox.wake(inbound.sender)
            raise

    async def _take_decision(self, decision: Decision, out: ReplyStream) -> None:
        if refused := await self.turns.limits.may_decide(decision.sender.person):
            out.put(refused)
            out.close()
            return
        said = await self.decisions.decide(decision)
        out.shows = said.shows
        for reply in said.replies:
            out.put(reply)
        then = said.then

        async def work() -> None:
            try:
                if then is not None:
                    await then(out)()
            except Exception:
                log.exception("a decision was not carried out")
                out.put(Failure(WENT_WRONG, decision.approval_id))
            finally:
                out.close()

        self.turns.lanes.at_once(work)

    async def _take_message(self, inbound: IncomingMessage, out: ReplyStream) -> None:
        """Store a message, then answer it in its place: at once, or in its lane."""
        row = await self.conversations.receive(
            Message(
                id=str(uuid4()),
                role="user",
                text=readable(inbound.text),
                place=place_of(inbound.sender),
                created_at=self.clock(),
                state="received",
                sender_name=readable(inbound.sender_name),
                platform_message_id=inbound.message_id,
                sent_at=inbound.sent_at,
                private=inbound.private,
            ),
            inbound.fingerprint,
            received=[
                File(each.name, each.media_type, each.content) for each in inbound.attachments
            ],
            pieces=inbound.pieces,
        )
        if row is None:  # a second copy: the first one is answered
            out.close()
            return
        out.shows = row.id
        try:
            await self._admit(row, out)
        except DatabaseError as error:
            self.turns.endings.break_off(row, error, out)
            out.close()

    async def _admit(self, row: Message, out: ReplyStream) -> None:
        """Begin with a stored message, or refuse it."""
        pushes = self.turns.outbox.reaches(address_of(row.place))
        always = is_always_heard(row.text)
        refused = await self.turns.limits.may_speak(row, always=always, pushes=pushes)
        if refused is None:
            try:
                self.begin(row, out)
                return
            except LaneFull:
                refused = TOO_MANY
        await self.turns.endings.refuse(row, refused, out)
        out.close()

    def begin(self, row: Message, out: ReplyStream, *, recovered: bool = False) -> None:
        """Begin to work on a stored message; if too many wait before it, `LaneFull` is raised."""
        entry, words = parse(row.text)
        lanes = self.turns.lanes

        async def work() -> None:
            with bound_contextvars(turn=row.id, platform=row.place.platform):
                try:
                    if entry is None:
                        await self.turns.run(row, out)
                    else:
                        await self._command(entry, row, words, out)
                except asyncio.CancelledError:
                    out.put(Refused("closing", LATER))
                    raise
                except DatabaseError as error:
                    log.exception("a message was broken off")
                    self.turns.endings.break_off(row, error, out)
                except Exception:
                    log.exception("a message was not handled")
                    await self.turns.endings.fail(row, WENT_WRONG, out)
                finally:
                    out.close()

        def dropped() -> None:
            out.put(Refused("closing", LATER))
            out.close()

        if entry is not None and not entry.queues:
            lanes.at_once(work)
        else:
            lane = session_key(address_of(row.place), self.turns.groups)
            lanes.add(lane, work, dropped, unbounded=recovered)

    async def _command(self, entry: Entry, row: Message, words: str, out: ReplyStream) -> None:
        """Run a command; what it says is the answer to its message."""
        call = Call(
            row,
            words,
            self.turns,
            self.decisions,
            self.reminding,
            self.library,
            self.name,
            self.commands,
        )
        if entry.binds:
            call = await call.bound()
        said = await entry.run(call)
        if said.asks is not None:
            for reply in said.replies:
                out.put(reply)
            await self.turns.run(said.asks, out)
            return
        row = call.row if entry.binds else await self.conversations.get(row.id) or row
        text = "\n".join(filter(None, map(text_of, said.replies)))
        session = await call.session()
        if session is not None:
            await self.sessions.touch(session.session_id, row.sent_at or row.created_at)
            out.put(Accepted(row.id, session.session_id, session.thread_id))
        try:
            stored = await self.turns.endings.store(row, answer_id(row), text)
            if stored.files:
                out.put(await as_answer(stored, self.conversations), stored.id)
            else:
                for reply in said.replies:
                    out.put(reply, stored.id)
        finally:
            if said.then is not None:  # a decision that is taken is carried out
                out.shows = said.shows
                await said.then(out)()

    async def end_session(self, session_id: str) -> Session | None:
        """End a session; what is open in it is withdrawn, what was said is kept."""
        session = await self.sessions.get(session_id)
        if session is None:
            return None
        await self.decisions.withdraw(session.thread_id, OPERATOR, None)
        await self.approvals.records.drop_grants(session_id)
        return await self.sessions.end(session_id)

    async def ready(self) -> tuple[Part, ...]:
        """Say of every part whether it works."""
        return tuple([await check() for check in self.checks])

    async def look_around(self) -> None:
        """Give an alarm about every part that does not work."""
        self.alarms.look_at(await self.ready())
