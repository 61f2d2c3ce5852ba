"""What a message can hold besides text, as the Bot API describes it."""

import struct
import zlib
from typing import TYPE_CHECKING

from tests.emulators.telegram.refusals import Json
from tests.emulators.telegram.text import found_in

if TYPE_CHECKING:
    from tests.emulators.telegram.world import Kept, World


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    + _chunk(b"IEND", b"")
)
"""A picture of one grey point."""


def caption(text: str) -> Json:
    """The words under a picture or file."""
    if not text:
        return {}
    found = found_in(text)
    return {"caption": text} | ({"caption_entities": found} if found else {})


def photo(world: "World", content: bytes) -> Json:
    """A picture in two sizes, the larger one last; both are the same file here."""
    kept = world.keep(content, "photo.jpg", "image/jpeg", "photos")
    small = world.keep(content, "photo.jpg", "image/jpeg", "photos")
    return {"photo": [_size(small, 90), _size(kept, 1280)]}


def document(world: "World", content: bytes, name: str, mime_type: str) -> Json:
    """A file with a name."""
    kept = world.keep(content, name, mime_type, "documents")
    return {"document": {**_file(kept), "file_name": name, "mime_type": mime_type}}


def voice(world: "World", seconds: int) -> Json:
    """A recording."""
    kept = world.keep(b"OggS" + bytes(100), "voice.oga", "audio/ogg", "voice")
    return {"voice": {**_file(kept), "duration": seconds, "mime_type": "audio/ogg"}}


def poll(world: "World", question: str, options: tuple[str, ...]) -> Json:
    """A question with options."""
    return {
        "poll": {
            "id": str(5_300_000_000_000_000_000 + next(world.numbers)),
            "question": question,
            "options": [
                {"text": text, "voter_count": 0, "persistent_id": str(at)}
                for at, text in enumerate(options)
            ],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
    }


def _file(kept: "Kept") -> Json:
    return {
        "file_id": kept.file_id,
        "file_unique_id": kept.unique_id,
        "file_size": len(kept.content),
    }


def _size(kept: "Kept", pixels: int) -> Json:
    return {**_file(kept), "width": pixels, "height": pixels}
