"""The command that finds what was said before."""

from bot.arrivals import MOST_LISTED, held_in
from bot.commands.call import Call, clock, say
from bot.commands.resuming import named
from bot.decisions import Said
from sessions.models import Conversation
from sessions.search import Hit, Whose, said_at
from sessions.shelf import Wanted, tag_of

MOST = 8
MOST_WITH_TAG = 500
"""Conversations that are looked through for those that were held in a shared chat."""
USAGE = (
    'Write /search and words: all of them must be there. "Two words" in quotation marks stand '
    "together, gard* is any beginning, and #tag looks only where you put that tag."
)
NOT_YET = "(I am still reading older messages; search again in a minute.)"


async def search(call: Call) -> Said:
    """Find words in the caller's own conversations; in a shared chat, what was said there."""
    words, tag = _without_tag(call.words)
    if not words:
        return await _tagged(call, tag) if tag else say(USAGE)
    if not any(map(str.isalnum, words)):
        return say(f"There is no word in this: signs and emoji are not looked for. {USAGE}")
    whose = Whose(call.owner, held_in(call.sender))
    found = await call.library.search.find(whose, words, tag=tag, limit=MOST)
    lines = [await _line(call, number, hit) for number, hit in enumerate(found.hits, 1)]
    if not lines:
        lines = [f"Nothing was said with {call.words[:200]}."]
    if not found.complete:
        lines.append(NOT_YET)
    session = await call.session()
    here = session.thread_id if session else ""
    elsewhere = dict.fromkeys(hit.message.thread_id for hit in found.hits)
    back = [f"/resume {each}" for each in elsewhere if each != here]
    return say("\n".join(lines), *back[:3])


async def _line(call: Call, number: int, hit: Hit) -> str:
    message = hit.message
    own = message.place.user_id == call.sender.user_id
    who = call.bot_name
    if message.role == "user":
        who = "you" if own else message.sender_name or message.place.user_id
    when = clock(said_at(message), await call.zone())
    copy = " (a copy)" if hit.is_copy else ""
    return f"{number}. {when}, {who}: {hit.line}\n   in: {hit.title or '(without a title)'}{copy}"


async def _tagged(call: Call, tag: str) -> Said:
    """List the conversations that have a tag."""
    found = await call.library.shelf.page(Wanted(call.owner, tag=tag), limit=MOST_WITH_TAG)
    if held_in(call.sender) is not None:
        found = [each for each in found if await _was_held_here(call, each)]
    found = found[:MOST_LISTED]
    if not found:
        return say(f"No conversation has the tag {tag}.")
    lines = [await named(call, each) for each in found]
    return say("\n".join(lines), *(f"/resume {each.id}" for each in found[:3]))


async def _was_held_here(call: Call, conversation: Conversation) -> bool:
    past, place = call.turns.conversations.past, held_in(call.sender)
    return await past.find(call.owner, conversation.id, place=place) is not None


def _without_tag(words: str) -> tuple[str, str]:
    """Part the first #tag from the words that are looked for."""
    tag, left = "", []
    for word in words.split():
        wanted = tag_of(word) if word.startswith("#") and not tag else None
        if wanted:
            tag = wanted
        else:
            left.append(word)
    return " ".join(left), tag
