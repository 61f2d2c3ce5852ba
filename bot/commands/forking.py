"""The command that goes on in a copy of this conversation."""

from uuid import NAMESPACE_OID, uuid5

from adapters.contract import Notice
from bot.commands.call import Call, said, say
from bot.commands.leaving import settled
from bot.commands.past import NOTHING
from bot.copying import copy_into
from bot.decisions import Said
from sessions.copies import NothingToCopy
from sessions.models import Conversation
from sessions.store import NoSuchSession

USAGE = "Write /fork, or /fork and the number of the last exchange to copy; /history shows them."
ELSEWHERE = "This conversation was resumed elsewhere just now."


async def fork(call: Call) -> Said:
    """Copy this conversation, up to an exchange if one is named, and go on in the copy.

    What is open is withdrawn, as with every other way to leave a conversation. The copy is named
    after the message that asks for it, which belongs to it once it is there.
    """
    refused = call.refused_to_others()
    if refused is not None:
        return refused
    if call.words and call.number() is None:
        return say(USAGE)
    call = await call.bound()
    if not call.row.thread_id:
        return say(NOTHING, "/resume")
    copy = str(uuid5(NAMESPACE_OID, f"{call.row.id}/fork"))
    if call.row.thread_id == copy:  # a crash came between the copy and this
        made = await call.library.shelf.get(copy)
        async with call.turns.lanes.exclusive(copy):
            return await _gone_on(call, made) if made else say(NOTHING, "/resume")
    try:
        return await _copied(call, copy)
    except NothingToCopy as nothing:
        return say(str(nothing), "/history")


async def _copied(call: Call, copy: str) -> Said:
    source, turns = call.row.thread_id, call.turns
    upto = call.number()
    count = await turns.conversations.past.how_many(source, said)
    if not count:
        return say(NOTHING, "/resume")
    if upto is not None and not 1 <= upto <= count:  # said before anything is withdrawn for it
        return say(f"There are {count} exchanges; {upto} is none of them.", "/history")
    async with settled(call, source) as withdrawn, turns.lanes.exclusive(copy):
        session = await call.session()
        if session is None or session.thread_id != source:
            return Said((*withdrawn, Notice(ELSEWHERE)))
        made = await copy_into(turns, call.library, source, copy, upto, command=call.row)
        there = await _gone_on(call, made)
    return Said((*withdrawn, *there.replies))


async def _gone_on(call: Call, copy: Conversation) -> Said:
    """Let the caller's session go on with the copy; whoever was quicker leaves it first."""
    sessions, here = call.turns.sessions, call.row.session_id
    for each in await call.turns.conversations.past.sessions_of(copy.id):
        if each and each != here:
            await sessions.leave(each, copy.id)
    try:
        await sessions.go_on(here, copy.id, [])
    except NoSuchSession:
        return say("The copy is made; /resume goes on with it.", "/resume 1")
    await call.turns.approvals.records.drop_grants(here)
    end = f", up to exchange {call.words}" if call.words else ""
    text = (
        f"You are in a copy now{end}: {copy.title or '(without a title)'}\n"
        "The conversation that it was copied from is kept; /resume goes back to it."
    )
    return say(text, f"/resume {copy.forked_from}")
