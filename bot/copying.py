"""Copying a conversation, and making one out of two: for whom it is asked, and in which order.

The agent's thread comes first and the records after it, in one transaction: whoever sees a copy
sees all of it, and a crash leaves at most a thread that nobody names.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.agent.copying import copy_threads
from bot.library import Library
from bot.resting import at_rest
from bot.turns import Turns
from sessions.copies import NothingToCopy, Original, UpTo, renaming
from sessions.models import Conversation, Message
from sessions.past import Exchange
from sessions.shelf import MOST_TAGS


async def fork(
    turns: Turns, library: Library, source: str, copy: str, upto: UpTo = None
) -> Conversation:
    """Copy a conversation into a new one, once no turn is at work in it; again, it gives that one.

    Raises:
        NothingToCopy: there is nothing to copy, with a sentence that says why.
    """
    records, news = turns.approvals.records, turns.conversations.news
    async with at_rest(source, turns.lanes, records, news), turns.lanes.exclusive(copy):
        return await copy_into(turns, library, source, copy, upto)


async def copy_into(
    turns: Turns,
    library: Library,
    source: str,
    copy: str,
    upto: UpTo,
    *,
    command: Message | None = None,
) -> Conversation:
    """Copy a conversation whose thread the caller owns; `command` then belongs to the copy.

    Raises:
        NothingToCopy: there is nothing to copy, with a sentence that says why.
    """
    if made := await library.shelf.get(copy):
        return made
    original = await library.copies.original(source, upto)
    new = replace(original.conversation, id=copy, forked_from=source)
    return await _write(turns, library, new, (original,), original.exchanges, command=command)


async def merge(turns: Turns, library: Library, first: str, second: str, into: str) -> Conversation:
    """Make a conversation out of two of one owner, in order of time; both stay.

    Raises:
        NothingToCopy: one of them cannot be copied, with a sentence that says why.
    """
    records, news = turns.approvals.records, turns.conversations.news
    one, other = sorted((first, second))  # so that two who do this never wait for each other
    async with (
        at_rest(one, turns.lanes, records, news),
        at_rest(other, turns.lanes, records, news),
        turns.lanes.exclusive(into),
    ):
        if made := await library.shelf.get(into):
            return made
        originals = [await library.copies.original(each) for each in (first, second)]
        exchanges = sorted(
            (each for original in originals for each in original.exchanges),
            key=lambda each: (each.question.created_at, each.question.number),
        )
        merged, added = (each.conversation for each in originals)
        if merged.owner != added.owner:
            raise NothingToCopy("They are two people's.")
        new = replace(
            merged,
            id=into,
            tags=tuple(sorted({*merged.tags, *added.tags}))[:MOST_TAGS],
            created_at=min(merged.created_at, added.created_at),
            forked_from=first,
        )
        return await _write(turns, library, new, originals, exchanges)


async def _write(
    turns: Turns,
    library: Library,
    new: Conversation,
    originals: Sequence[Original],
    exchanges: Sequence[Exchange],
    *,
    command: Message | None = None,
) -> Conversation:
    await copy_threads(
        turns.runner,
        [each.conversation.id for each in originals],
        new.id,
        turns=[each.question.id for each in exchanges],
        left_out=frozenset().union(*(each.left_out for each in originals)),
        renamed=renaming(new.id),
    )
    return await library.copies.make(new, exchanges, command)
