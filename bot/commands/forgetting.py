"""The command with which people have everything of theirs deleted.

It asks first, in a message that is stored like any other: an approval card belongs to an action of
the agent, and this must also work when the agent does not.
"""

from datetime import timedelta

from adapters.contract import Notice
from bot.arrivals import shared
from bot.commands.call import Call, say
from bot.decisions import Said
from bot.forgetting import forget_person
from sessions.shelf import Wanted

WITHIN = timedelta(minutes=10)
ASK, SURE = "/forget", "/forget everything"
MOST = 1_000
WHAT = (
    "This deletes all that you said here and all that was said to you: {conversations}, with "
    "all files, and your notes, reminders and settings. It cannot be undone. What stays: who "
    "decided what and when, without the words; what was sent to others; who may come in and who is "
    "blocked. And {archives}.\n"
    f"Write {SURE} within ten minutes if you are sure; /export all gives you a copy first."
)


async def forget(call: Call) -> Said:
    """Say what would go; when that was said just before, delete it."""
    if shared(call.sender):
        return say("Others read along here. Write this to me in our direct chat.")
    # After a crash in the middle the question is gone already, and the words of this too.
    if not await call.library.forgotten.has_begun(call.sender.person, call.row.created_at):
        if not call.words:
            return await _question(call)
        if not await _is_sure(call):
            return say(f"Write {ASK} first; it says what goes.", ASK)
    gone = await forget_person(
        call.turns,
        call.decisions,
        call.library,
        call.sender.person,
        call.row.created_at,
        by=call.sender.person,
        shown_in=call.sender,
        command=call.row,
    )
    notes = f", and {_counted(gone.notes, 'note')}" if gone.notes else ""
    archives = call.library.archives.sentence(call.at, await call.zone())
    many = _counted(gone.conversations, "conversation")
    text = f"Everything of yours is deleted: {many}{notes}. What is left: {archives}."
    return Said((*gone.settled, Notice(text)))


async def _question(call: Call) -> Said:
    found = await call.library.shelf.page(Wanted(call.sender.person), limit=MOST)
    least = "at least " if len(found) == MOST else ""
    many = f"{least}{_counted(len(found), 'conversation')}"
    archives = call.library.archives.sentence(call.at, await call.zone())
    return say(WHAT.format(conversations=many, archives=archives), SURE, "/export all")


async def _is_sure(call: Call) -> bool:
    """Say whether the caller was told what goes, here and just before."""
    if call.words.lower() != SURE.partition(" ")[2]:
        return False
    at, forgotten = call.row.created_at, call.library.forgotten
    before = await forgotten.until(call.sender.person)
    # Of a command that was carried out its first word is left, which would be the question.
    since = WITHIN if before is None else min(WITHIN, at - before - timedelta.resolution)
    return await forgotten.asked(call.row.place, ASK, at=at, within=since)


def _counted(many: int, what: str) -> str:
    return f"1 {what}" if many == 1 else f"{many} {what}s"
