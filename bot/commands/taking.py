"""The command that gives people their words as a file."""

from bot.arrivals import shared
from bot.commands.call import Call, said, say
from bot.commands.past import NOTHING
from bot.decisions import Said
from bot.taking_along import TooLarge, take_along
from sessions.models import Conversation
from sessions.shelf import Wanted
from sessions.transcript import Format

LARGEST = 8_000_000
"""In bytes; every platform takes a file of this size."""
MOST = 50_000
"""Conversations in one file; so many are too large for a chat anyway."""

USAGE = "Write /export markdown, html or json; with all: every conversation of yours."
TOO_LARGE = "That is too large for a chat. Take one conversation at a time, or ask who runs me."


async def export(call: Call) -> Said:
    """Send this conversation, or all of the caller's, as a file."""
    words = call.words.lower().split()
    everything = "all" in words
    kind = _kind([each for each in words if each != "all"])
    if kind is None:
        return say(USAGE)
    if shared(call.sender):
        if everything:
            return say("Others read along here. Ask for all of it in our direct chat.")
        if call.owner != call.sender.person and (refused := call.refused_to_others()):
            return refused
    chosen = await _chosen(call, everything=everything)
    if not chosen:
        return say(NOTHING, "/resume")
    try:
        file = await take_along(
            chosen,
            kind,
            library=call.library,
            conversations=call.turns.conversations,
            said=said,
            bot_name=call.bot_name,
            at=call.at,
            most_bytes=LARGEST,
        )
    except TooLarge:
        return say(TOO_LARGE)
    await call.turns.conversations.files.send_out(call.row.id, "export", file)
    count = "This conversation" if len(chosen) == 1 else f"Your {len(chosen)} conversations"
    return say(f"{count}: {file.name}, {len(file.content):,} bytes.")


def _kind(words: list[str]) -> Format | None:
    match words:
        case [] | ["markdown"] | ["md"]:
            return "markdown"
        case ["html"]:
            return "html"
        case ["json"]:
            return "json"
    return None


async def _chosen(call: Call, *, everything: bool) -> list[Conversation]:
    shelf = call.library.shelf
    if everything:
        return list(await shelf.page(Wanted(call.owner), limit=MOST))
    here = await shelf.get(call.row.thread_id) if call.row.thread_id else None
    return [here] if here is not None else []
