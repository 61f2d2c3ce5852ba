"""The command that goes on with an earlier conversation."""

from collections.abc import Sequence

from adapters.contract import Notice, Reply
from bot.addresses import owner_of, session_key
from bot.arrivals import MOST_LISTED, held_in
from bot.cards import as_pending, as_request
from bot.commands.call import Call, clock, say
from bot.commands.leaving import settled
from bot.decisions import Said
from sessions.models import Conversation, Session

LONGEST_ID = 40
NONE = "There is no earlier conversation of yours."
GONE = "That conversation has just been deleted. /resume lists the others."


async def resume(call: Call) -> Said:
    """List earlier conversations, or go on with the one that is named by its number."""
    refused = call.refused_to_others()
    if refused is not None:
        return refused
    key = session_key(call.sender, call.turns.groups)
    session = (await call.turns.sessions.arrive(key, call.at)).session
    if call.row.thread_id:  # it was chosen before a crash; numbers mean something else by now
        chosen = await _find(call, call.row.thread_id)
        return await _go_on(call, session, chosen) if chosen else say(NONE)
    earlier = await call.turns.conversations.past.earlier(
        owner_of(call.sender, call.turns.groups),
        but=session.thread_id,
        place=held_in(call.sender),
        limit=MOST_LISTED,
    )
    if not call.words:
        return await _listed(call, earlier)
    number = call.number()
    if number is not None and 1 <= number <= len(earlier):
        chosen = earlier[number - 1]
    else:
        chosen = await _find(call, call.words)
    if chosen is None:
        named = call.words if len(call.words) <= LONGEST_ID else f"{call.words[:LONGEST_ID]}…"
        return say(f"There is no earlier conversation {named}. /resume lists them.", "/resume")
    return await _go_on(call, session, chosen)


async def _find(call: Call, conversation: str) -> Conversation | None:
    owner = owner_of(call.sender, call.turns.groups)
    place = held_in(call.sender)
    return await call.turns.conversations.past.find(owner, conversation, place=place)


async def _listed(call: Call, earlier: Sequence[Conversation]) -> Said:
    if not earlier:
        return say(NONE)
    lines = [
        f"{number}. {await named(call, conversation)}"
        for number, conversation in enumerate(earlier, 1)
    ]
    suggestions = [f"/resume {number}" for number in range(1, len(earlier) + 1)][:3]
    text = "\n".join(["Earlier conversations; /resume and a number goes on with one.", *lines])
    return say(text, *suggestions)


async def _go_on(call: Call, session: Session, chosen: Conversation) -> Said:
    """Take the conversation over into this session, in steps that a crash may part anywhere."""
    past = call.turns.conversations.past
    await past.belongs(call.row.id, session.session_id, chosen.id)  # the choice, and its session
    said: tuple[Reply, ...] = ()
    if session.thread_id != chosen.id:
        async with settled(call, session.thread_id) as withdrawn:
            said = withdrawn
    taken_over = await _taken_over(call, session, chosen)
    if taken_over is None:
        return Said((*said, Notice(GONE)))
    others, open_there = taken_over
    text = f"This goes on with: {await named(call, chosen)}"
    if others:
        text += "\nIt was open in another chat of yours, where a new one begins now."
    return Said((*said, Notice(text), *open_there))


async def _taken_over(
    call: Call, session: Session, chosen: Conversation
) -> tuple[int, tuple[Reply, ...]] | None:
    """Move a conversation here: who had it leaves it first, so that it is never open twice.

    None if it was deleted since it was chosen.
    """
    turns = call.turns
    past, sessions, records = turns.conversations.past, turns.sessions, turns.approvals.records
    async with call.at_rest(chosen.id):
        if await _find(call, chosen.id) is None:
            return None
        others = [each for each in await past.sessions_of(chosen.id) if each]
        left = [
            each
            for each in others
            if each != session.session_id and await sessions.leave(each, chosen.id)
        ]
        # Also what is decided in this moment: it is carried out after this, in the session here.
        waiting = await records.in_progress(chosen.id)
        pending = [as_pending(record) for record in waiting]
        await sessions.go_on(session.session_id, chosen.id, pending)
        for each in others:
            for record in waiting:
                if each != session.session_id:
                    await sessions.settle(each, record.id)
        # Last, for it is by these that the others are found after a crash.
        await past.move(chosen.id, session.session_id)
        for each in (session.session_id, *left):
            await records.drop_grants(each)
        undecided = [record for record in waiting if record.decided_at is None]
        zone = await call.zone()
        return len(left), tuple(as_request(record, zone) for record in undecided)


async def named(call: Call, conversation: Conversation) -> str:
    """Name a conversation on a line: when it was used last, and its title."""
    when = clock(conversation.updated_at, await call.zone())
    copy = " (a copy)" if conversation.forked_from else ""
    return f"{when}: {conversation.title or '(without a title)'}{copy}"
