"""Commands that give a conversation a name and tags."""

from adapters.json_values import readable
from bot.arrivals import shared
from bot.commands.call import Call, say
from bot.commands.past import NOTHING
from bot.decisions import Said
from sessions.models import Conversation
from sessions.past import title_of
from sessions.shelf import LONGEST_TAG, tag_of

NO_TAG = f"A tag is one word of letters, digits, _ and -, of at most {LONGEST_TAG}."


async def title(call: Call) -> Said:
    """Show the title of this conversation, or give it another."""
    found = await _here(call)
    if isinstance(found, Said):
        return found
    if not call.words:
        return say(f"This conversation is called: {found.title}\nWrite /title and a name.")
    named = title_of(readable(call.words))
    if await call.library.shelf.name(found.id, named) is None:
        return say(NOTHING, "/resume")
    return say(f"This conversation is called: {named}")


async def tag(call: Call) -> Said:
    """Show the tags of this conversation and all one's own, or put some on and take some off."""
    found = await _here(call)
    if isinstance(found, Said):
        return found
    written = call.words.replace(",", " ").split()
    if not written:
        return say(await _shown(call, found))
    add = [tag_of(each) for each in written if not each.startswith("-")]
    remove = [tag_of(each[1:]) for each in written if each.startswith("-")]
    if None in (*add, *remove):
        return say(NO_TAG)
    try:
        after = await call.library.shelf.tag(
            found.id, add=list(filter(None, add)), remove=list(filter(None, remove))
        )
    except ValueError as refused:
        return say(str(refused))
    return say(_tags(after)) if after else say(NOTHING, "/resume")


async def _here(call: Call) -> Conversation | Said:
    """Give the conversation in which this was said, if it is the caller's to name."""
    if shared(call.sender) and call.owner != call.sender.person:
        refused = call.refused_to_others()
        if refused is not None:
            return refused
    found = await call.library.shelf.get(call.row.thread_id) if call.row.thread_id else None
    return found if found is not None else say(NOTHING, "/resume")


async def _shown(call: Call, found: Conversation) -> str:
    lines = [_tags(found), "Write /tag and a word to add one, /tag -word to take it off."]
    if not shared(call.sender):  # tags of conversations elsewhere are for nobody else
        every = await call.library.shelf.tags_of(call.owner)
        lines.insert(1, f"All of yours: {', '.join(every) or 'none'}. /search #word lists them.")
    return "\n".join(lines)


def _tags(conversation: Conversation) -> str:
    return f"Tags of this conversation: {', '.join(conversation.tags) or 'none'}."
