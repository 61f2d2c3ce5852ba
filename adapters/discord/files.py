"""Files that come with messages, and files that go with answers."""

import io
import re
from collections.abc import Sequence

import discord
import structlog

from adapters.contract import Attachment
from adapters.discord.failures import REFUSED

log = structlog.get_logger(__name__)

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
TEXTS = re.compile(r"text/.+|application/(json|xml|yaml|x-yaml|toml|javascript|x-sh|sql|x-ndjson)")
TEXT_ENDINGS = re.compile(
    r".+\.(txt|md|csv|tsv|jsonl?|xml|ya?ml|toml|ini|cfg|log|py|js|ts|html|css|sh|sql|java|c|h|cpp"
    r"|rs|go|rb|php|diff|patch)"
)
MOST_FILES = 10
"""Files of one message."""

LARGEST = 10 * 2**20
"""Bytes of a file that every bot may send (developer documentation, "Uploading files")."""


async def read_files(
    files: Sequence[discord.Attachment], most_bytes: int
) -> tuple[tuple[Attachment, ...], list[str]]:
    """Read what can be used of the files of a message, and say of each other why not."""
    read: list[Attachment] = []
    notes: list[str] = []
    for file in files:
        media_type = _media_type(file)
        if not media_type:
            notes.append(f"[{file.filename} was not read: only pictures and text files are]")
        elif file.size > most_bytes:
            notes.append(f"[{file.filename} was not read: it is larger than {_size(most_bytes)}]")
        else:
            try:
                read.append(Attachment(file.filename, media_type, await file.read()))
            except REFUSED as error:
                log.warning("a file was not read", error=type(error).__name__)
                notes.append(f"[{file.filename} was not read: Discord did not give it]")
    return tuple(read), notes


def files_to_send(attachments: Sequence[Attachment]) -> tuple[list[discord.File], list[str]]:
    """Give the files that Discord takes, and say of each other why it is left out."""
    fitting = [each for each in attachments if len(each.content) <= LARGEST]
    notes = [
        f"({each.name} is not here: Discord takes files of at most {_size(LARGEST)}.)"
        for each in attachments
        if len(each.content) > LARGEST
    ]
    notes += [
        f"({each.name} is not here: a message has at most {MOST_FILES} files.)"
        for each in fitting[MOST_FILES:]
    ]
    sent = [discord.File(io.BytesIO(each.content), each.name) for each in fitting[:MOST_FILES]]
    return sent, notes


def _media_type(file: discord.Attachment) -> str:
    """Give the type of a file that can be used, by what Discord says or by its name."""
    said = (file.content_type or "").partition(";")[0].strip().lower()
    if said in PICTURES or TEXTS.fullmatch(said):
        return said
    if TEXT_ENDINGS.fullmatch(file.filename.lower()):
        return "text/plain"
    return ""


def _size(count: int) -> str:
    return f"{count / 2**20:.0f} MB" if count >= 2**20 else f"{max(count // 1024, 1)} KB"
