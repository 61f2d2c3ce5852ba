"""Forgetting a person: every word of theirs, in every store."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from adapters.contract import Address, ApprovalSettled, Refused
from bot.addresses import address_of, place_of_owner, session_key
from bot.agent.thread_file import thread_ids
from bot.clearing import clear_conversation, without_words
from bot.decisions import Decisions
from bot.library import Library
from bot.streams import Nowhere
from bot.turns import Turns
from sessions.models import Message, SessionKey
from sessions.shelf import Wanted

log = structlog.get_logger(__name__)

AT_ONCE = 100
AT_WORK = ("received", "running")
FORGOTTEN = "This message waited for a decision and was not worked on: its person had it deleted."


class NotBegun(Exception):
    """Nothing was deleted; the message says why."""


@dataclass(frozen=True)
class Gone:
    """What was deleted, and how what was open ended."""

    conversations: int
    notes: int
    settled: tuple[ApprovalSettled, ...]


async def forget_person(
    turns: Turns,
    decisions: Decisions,
    library: Library,
    person: str,
    until: datetime,
    *,
    by: str,
    shown_in: Address | None = None,
    command: Message | None = None,
) -> Gone:
    """Delete all that a person (``telegram:12345``) said and was told until a time.

    It is noted before it begins, so that a crash in between does not keep half of it. `command`
    is the message that asks for it. Doing it again deletes what is left. If somebody asks (`by`),
    also what stands at a later time goes: a clock was ahead when it was written.
    """
    forgotten, noted = library.forgotten, until
    await _what_came_before(turns, person, until, command)
    await forgotten.begin(person, noted)
    if by:
        until = await forgotten.latest(person, until)
    settled: list[ApprovalSettled] = []
    place, count = place_of_owner(person), 0
    while found := await library.shelf.page(Wanted(person, begun=until), limit=AT_ONCE):
        for each in found:
            settled += await clear_conversation(
                turns,
                decisions,
                library,
                each.id,
                place,
                by=by,
                shown_in=shown_in,
                command=command if command and command.thread_id == each.id else None,
            )
        count += len(found)
    settled += await _withdraw(turns, decisions, person, by, shown_in)
    await _leave_shared_threads(turns, library, person, until)
    await _drop_unfinished_copies(turns)
    await turns.runner.wipe()  # also of what was taken back there before
    await _end_sessions(turns, address_of(place), until)
    notes = await turns.runner.notes.forget(person) if turns.runner.notes else 0
    await forgotten.take_out(person, until, but=command.id if command else "")
    turns.people.look_again()
    await library.search.wipe()
    await forgotten.finish(forgotten.hash_of(person), noted)
    return Gone(count, notes, tuple(settled))


async def forget_in_turn(
    turns: Turns,
    decisions: Decisions,
    library: Library,
    person: str,
    *,
    by: str,
    clock: Callable[[], datetime],
) -> Gone:
    """Forget a person behind what they have said already, so that no answer comes afterwards.

    It is finished though the caller leaves.

    Raises:
        NotBegun: the bot is stopping.
    """
    done: asyncio.Future[Gone] = asyncio.get_running_loop().create_future()
    lane, asked_at = session_key(address_of(place_of_owner(person)), turns.groups), clock()

    async def work() -> None:
        try:
            until = await _before_all_behind(turns, lane, asked_at)
            gone = await forget_person(turns, decisions, library, person, until, by=by)
        except asyncio.CancelledError:
            dropped()
            raise
        except Exception as error:
            if done.done():
                raise
            done.set_exception(error)
        else:
            if not done.done():
                done.set_result(gone)

    def dropped() -> None:
        if not done.done():
            done.set_exception(NotBegun("The bot is stopping, and nothing was deleted."))

    turns.lanes.add(lane, work, dropped, unbounded=True)
    return await done


async def finish_forgetting(turns: Turns, decisions: Decisions, library: Library) -> None:
    """Go on with what a crash broke off, and forget again those whose words were put back.

    Nothing that they asked for is run or shown before: it is for a start, ahead of all else.
    """
    forgotten = library.forgotten
    for who, until in await forgotten.unfinished():
        for person in await forgotten.known_as(who):
            await forgotten.stop(person, until)
            for record in await turns.approvals.records.unfinished():
                if record.outcome == "withdrawn":
                    await decisions.carry_out(record, Nowhere())
            await forget_person(turns, decisions, library, person, until, by="")
            log.info("forgot somebody again, as they had asked")
        await forgotten.finish(who, until)


async def _what_came_before(
    turns: Turns, person: str, until: datetime, command: Message | None
) -> None:
    """Wait for what a person has said before in other places, and what waits there in line."""
    here = session_key(address_of(command.place if command else place_of_owner(person)))
    for row in await turns.conversations.unfinished():
        lane = session_key(address_of(row.place), turns.groups)
        before = row.state in AT_WORK and row.created_at <= until
        if before and lane != here and address_of(row.place).person == person:
            await _reached(turns, lane)


async def _before_all_behind(turns: Turns, lane: SessionKey, at: datetime) -> datetime:
    """Give this time, or an earlier one if something came before it and is behind this in a lane.

    It was on its way when this was asked, is answered afterwards, and so counts as said later.
    """
    behind = [
        row.created_at - timedelta.resolution
        for row in await turns.conversations.unfinished()
        if row.state in AT_WORK and session_key(address_of(row.place), turns.groups) == lane
    ]
    return min([at, *behind])


async def _reached(turns: Turns, lane: SessionKey) -> None:
    """Wait until a lane has come this far; if the bot stops before, this is cancelled."""
    reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def arrive() -> None:
        reached.set_result(None)

    def dropped() -> None:
        reached.cancel()

    turns.lanes.add(lane, arrive, dropped, unbounded=True)
    await reached


async def _withdraw(
    turns: Turns, decisions: Decisions, person: str, by: str, shown_in: Address | None
) -> tuple[ApprovalSettled, ...]:
    """Withdraw what a person asked for in conversations of others, and what they said behind it."""
    for row in await turns.conversations.unfinished():
        if row.state == "held" and address_of(row.place).person == person:
            async with turns.lanes.exclusive(row.thread_id):
                with turns.chat(row.place, row.id) as out:
                    await turns.endings.refuse(row, Refused("settled", FORGOTTEN), out)
    asked = [each for each in await turns.approvals.records.open() if each.requester == person]
    return without_words(await decisions.end(asked, "withdrawn", by, shown_in))


async def _leave_shared_threads(
    turns: Turns, library: Library, person: str, until: datetime
) -> None:
    """Take what a person said to several out of what the agent sees."""
    said: dict[str, set[str]] = {}
    for thread_id, message_id in await library.forgotten.shared_turns(person, until):
        said.setdefault(thread_id, set()).add(message_id)
    for thread_id, ids in said.items():
        async with turns.lanes.exclusive(thread_id):
            await turns.runner.take_out(thread_id, ids)


async def _drop_unfinished_copies(turns: Turns) -> None:
    """Delete threads that nothing else knows: a crash may have left them where a copy was made."""
    found = await asyncio.to_thread(thread_ids, turns.runner.saver.path)
    for thread_id in found - await turns.conversations.past.threads():
        async with turns.lanes.exclusive(thread_id):  # whoever makes a copy now, owns it
            live = {session.thread_id for session in await turns.sessions.all()}
            if thread_id not in live | await turns.conversations.past.threads():
                await turns.runner.forget(thread_id)


async def _end_sessions(turns: Turns, person: Address, until: datetime) -> None:
    key = session_key(person)
    for session in await turns.sessions.all():
        if (session.platform, session.user_id) != (key.platform, key.user_id):
            continue
        # Over HTTP a user_id is a person only together with the key that named them.
        is_theirs = key.platform != "api" or session.key == key
        if is_theirs and session.created_at <= until:
            await turns.approvals.records.drop_grants(session.session_id)
            await turns.sessions.end(session.session_id)
