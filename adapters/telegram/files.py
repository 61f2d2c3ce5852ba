"""What comes with a message: pictures and text files are read, the rest is named."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from mimetypes import guess_type

import structlog
from telegram import Message
from telegram.error import BadRequest, TelegramError

from adapters.contract import Attachment
from adapters.telegram.wire import Telegram

log = structlog.get_logger(__name__)

PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
TEXTS = frozenset({
    "application/json", "application/xml", "application/yaml", "application/x-yaml",
    "application/toml", "application/javascript", "application/sql", "application/x-sh",
    "application/csv", "application/x-python",
})  # fmt: skip
ENDINGS = frozenset({
    "txt", "md", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml", "toml", "ini", "cfg", "conf",
    "log", "py", "js", "ts", "java", "c", "h", "cpp", "go", "rs", "rb", "sh", "sql", "html", "css",
})  # fmt: skip
LARGEST_DOWNLOAD = 20_000_000
"""Bytes that Telegram gives a bot; a server of one's own gives more."""

TRIES = 3
ONLY = "only pictures and text files are"
KINDS = (
    ("voice", "A voice message"),
    ("audio", "A piece of music"),
    ("video", "A video"),
    ("video_note", "A video message"),
    ("animation", "An animation"),
    ("sticker", "A sticker"),
    ("location", "A location"),
    ("contact", "A contact"),
    ("poll", "A poll"),
    ("dice", "A dice"),
    ("story", "A story"),
    ("paid_media", "Paid media"),
    ("checklist", "A checklist"),
    ("game", "A game"),
)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read, and a remark on each thing that was not."""

    attachments: tuple[Attachment, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Offered:
    file_id: str
    name: str
    media_type: str
    size: int


async def read_files(bot: Telegram, messages: Sequence[Message], most_bytes: int) -> Read:
    """Read what comes with these messages; at most so many bytes each."""
    attachments: list[Attachment] = []
    remarks: list[str] = []
    for message in messages:
        other = next((words for name, words in KINDS if getattr(message, name)), "")
        if other:
            remarks.append(f"[{other} was not read: {ONLY}]")
            continue
        offered = _offered(message)
        if offered is None:
            continue
        found = await _read(bot, offered, most_bytes)
        if isinstance(found, Attachment):
            attachments.append(found)
        else:
            remarks.append(f"[{offered.name} was not read: {found}]")
    return Read(tuple(attachments), tuple(remarks))


def _offered(message: Message) -> _Offered | None:
    if message.photo:
        size = message.photo[-1]
        name = f"photo_{message.message_id}.jpg"
        return _Offered(size.file_id, name, "image/jpeg", size.file_size or 0)
    file = message.document
    if file is None:
        return None
    name = file.file_name or f"file_{message.message_id}"
    return _Offered(file.file_id, name, file.mime_type or "", file.file_size or 0)


async def _read(bot: Telegram, offered: _Offered, most_bytes: int) -> Attachment | str:
    """Read a file, or say why not."""
    media_type = _media_type(offered)
    if not media_type:
        return ONLY
    most = min(most_bytes, LARGEST_DOWNLOAD)
    too_large = f"it is larger than {most / 1e6:g} MB"
    if offered.size > most:
        return too_large
    for tried in range(TRIES):
        try:
            file = await bot.get_file(offered.file_id)
            if (file.file_size or 0) > most:
                return too_large
            content = bytes(await file.download_as_bytearray())
        except BadRequest as error:
            return too_large if "too big" in error.message.lower() else "Telegram does not have it"
        except TelegramError as error:
            log.info("a file was not read", error=type(error).__name__)
            await asyncio.sleep(tried)
        else:
            return (
                too_large if len(content) > most else Attachment(offered.name, media_type, content)
            )
    return "Telegram did not give it"


def _media_type(offered: _Offered) -> str:
    """Give the kind of a file if the model can read it."""
    given = offered.media_type.partition(";")[0].strip().lower()
    if given in PICTURES or given.startswith("text/") or given in TEXTS:
        return given
    if given.endswith(("+json", "+xml")) and not given.startswith("image/"):
        return given
    if offered.name.rpartition(".")[2].lower() in ENDINGS:
        return guess_type(offered.name)[0] or "text/plain"
    return ""
