"""Taking conversations along as a file."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.library import Library
from sessions.conversations import Conversations
from sessions.files import File
from sessions.models import Conversation
from sessions.transcript import Format, Told, transcript, without_commands


class TooLarge(Exception):
    """The file would be larger than it may be."""


async def take_along(
    chosen: Sequence[Conversation],
    kind: Format,
    *,
    library: Library,
    conversations: Conversations,
    said: Callable[[str], bool],
    bot_name: str,
    at: datetime,
    most_bytes: int,
) -> File:
    """Write conversations into a file; `said` tells what was said to the agent from commands.

    Raises:
        TooLarge: the file would have more than `most_bytes`.
    """
    told, size = [], 0
    for each in chosen:
        found = without_commands(await library.shelf.messages(each.id), said)
        size += sum(len(message.text) for message in found)
        if size > most_bytes:
            raise TooLarge
        files = {
            message.id: [file.name for file in await conversations.files.of(message.id)]
            for message in found
            if message.files
        }
        told.append(Told(each, found, files))
    file = await asyncio.to_thread(transcript, told, kind, bot_name=bot_name, at=at)
    if len(file.content) > most_bytes:
        raise TooLarge
    return file
