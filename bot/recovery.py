"""What is done at start about everything that the last process left unfinished.

docs/architecture.md has the table. Nothing here waits for a model: turns go on in their lanes,
before anything that arrives later.
"""

from collections.abc import Sequence
from functools import partial

import structlog

from bot.addresses import address_of, session_key
from bot.bot import Bot
from bot.forgetting import finish_forgetting
from bot.lanes import Work
from sessions.database import DatabaseError
from sessions.models import ApprovalRecord, Message

log = structlog.get_logger(__name__)

MOST_CRASHES = 3
"""A message that was being worked on at so many crashes is not tried once more."""

GIVEN_UP = (
    "I could not answer this message: I stopped in the middle of it three times. It is put aside, "
    "and those who run me can try it again."
)


async def recover(bot: Bot) -> None:
    """Make table, rows and threads agree, and put what is unfinished into its lane again."""
    await _open_once(bot)
    await _forget(bot)
    await _settle_rows(bot)
    await _withdraw_what_was_removed(bot)
    await bot.decisions.expire()
    decided = await bot.approvals.records.unfinished()
    for record in decided:
        bot.turns.lanes.at_once(_carrying_out(bot, record))
    await bot.turns.outbox.wake_all()
    await bot.turns.board.tell_all()
    unfinished = await bot.conversations.unfinished()
    for row in unfinished:
        if row.state != "held":  # held texts run when their approval ends
            await _resume(bot, row)
    _run_held(bot, unfinished)
    if unfinished or decided:
        log.info(
            "going on with what was unfinished", messages=len(unfinished), decided=len(decided)
        )


async def take_up(bot: Bot) -> None:
    """Go on with what a full disk or a lock has broken off, once it can be written again.

    Texts that somebody works on are in no danger: whoever owns their thread goes first, and then
    they have ended.
    """
    leftovers = bot.turns.endings.leftovers
    if not leftovers:
        return
    try:
        await bot.office.database.check()
        decided = await bot.approvals.records.unfinished()
        unfinished = await bot.conversations.unfinished()
    except DatabaseError:
        return  # /ready and the alarms say so
    broken_off = leftovers.take()
    log.info("going on with what was broken off")
    for record in decided:
        bot.turns.lanes.at_once(_carrying_out(bot, record))
    for row in unfinished:
        if row.state == "running":
            _pick_up(bot, row)
        elif row.id in broken_off and row.state == "received":
            _begin(bot, row)
    _run_held(bot, unfinished)


async def _open_once(bot: Bot) -> None:
    """Leave a conversation to the session that was active last, if somebody gave it to several."""
    taken: set[str] = set()
    for session in reversed(await bot.sessions.all()):
        if session.thread_id in taken:
            log.warning("a conversation was open in two sessions", session=session.session_id)
            await bot.sessions.leave(session.session_id, session.thread_id)
        taken.add(session.thread_id)


async def _forget(bot: Bot) -> None:
    """Forget first: what was put back may have words of people who had them deleted."""
    try:
        await finish_forgetting(bot.turns, bot.decisions, bot.library)
    except Exception as error:  # the others are served; the next start tries it again
        log.exception("somebody who was to be forgotten is not")
        bot.turns.endings.leftovers.note(error)


async def _settle_rows(bot: Bot) -> None:
    """Take out of the sessions' rows what the table says has ended."""
    records = bot.approvals.records
    in_progress = {each.id for each in (*await records.open(), *await records.unfinished())}
    for session in await bot.sessions.all():
        for pending in session.pending_approval:
            if pending.id not in in_progress:
                await bot.sessions.settle(session.session_id, pending.id)


async def _withdraw_what_was_removed(bot: Bot) -> None:
    """End open approvals whose place in sessions.csv somebody emptied while the bot was down."""
    removed: list[ApprovalRecord] = []
    # In any row: a conversation that was being resumed elsewhere may show it in another.
    shown = {each.id for session in await bot.sessions.all() for each in session.pending_approval}
    for record in await bot.approvals.records.open():
        if record.id in shown:
            continue
        row = await bot.conversations.get(record.message_id)
        if row is not None and row.state == "parked":
            log.warning("an approval is gone from sessions.csv and withdrawn", approval=record.id)
            removed.append(record)
    await bot.decisions.end(removed, "withdrawn", "sessions.csv", None)


async def _resume(bot: Bot, row: Message) -> None:
    if row.state == "running" and await bot.conversations.attempt(row.id) >= MOST_CRASHES:
        log.error("a message stopped the bot too often and is put aside", message=row.id)
        await bot.turns.endings.give_up(row, GIVEN_UP)
        bot.turns.outbox.wake(address_of(row.place))
        bot.alarms.given_up(row)
        return
    if row.state == "received":
        _begin(bot, row)
        return
    _pick_up(bot, row)


def _begin(bot: Bot, row: Message) -> None:
    bot.begin(row, bot.turns.pushed(row.place, row.id), recovered=True)


def _pick_up(bot: Bot, row: Message) -> None:
    lane = session_key(address_of(row.place), bot.turns.groups)
    bot.turns.lanes.add(lane, partial(bot.turns.pick_up, row), lambda: None, unbounded=True)


def _run_held(bot: Bot, unfinished: Sequence[Message]) -> None:
    for thread_id in {row.thread_id for row in unfinished if row.state == "held"}:
        bot.turns.lanes.at_once(_running_held(bot, thread_id))


def _carrying_out(bot: Bot, record: ApprovalRecord) -> Work:
    async def carry_out() -> None:
        with bot.turns.chat(record.place, record.message_id) as out:
            await bot.decisions.carry_out(record, out)

    return carry_out


def _running_held(bot: Bot, thread_id: str) -> Work:
    async def run_held() -> None:
        async with bot.turns.lanes.exclusive(thread_id):
            await bot.turns.run_held(thread_id)

    return run_held
