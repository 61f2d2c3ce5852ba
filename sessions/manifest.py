"""What a backup says about itself: `manifest.json`, the first file in it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from sessions.stored_files import ALL_NAMES

FORMAT = 1
"""Another number is another shape of archive, which this version does not read."""

STRICT = ConfigDict(extra="forbid")


@checked(frozen=True, config=STRICT)
class FileRecord:
    """One file: its size in bytes, its SHA-256 in hex, rows by table, and which tables it has."""

    name: str
    size: int
    sha256: str
    rows: Mapping[str, int]
    schema: str


@checked(frozen=True, config=STRICT)
class Manifest:
    """A backup: why and when it was made, by which version, and every file in it.

    `barrier_ms` is for how many milliseconds nothing was committed while it began.
    """

    format: int
    made_at: datetime
    why: str
    version: str
    barrier_ms: float
    files: tuple[FileRecord, ...]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(each.size for each in self.files)


class NotAManifest(Exception):
    """This is no manifest of ours; the text is the rest of a sentence that says why."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What every format has."""

    format: int


_READ = TypeAdapter(Manifest)
_READ_HEAD = TypeAdapter(_Head)


def manifest_bytes(manifest: Manifest) -> bytes:
    """Write it, for a person to read."""
    shown = asdict(manifest) | {"made_at": manifest.made_at.isoformat()}
    return (json.dumps(shown, indent=1) + "\n").encode()


def read_manifest(data: bytes) -> Manifest:
    """Read it.

    Raises:
        NotAManifest: it is not ours, of another format, or names files that no backup has.
    """
    try:
        found = _READ_HEAD.validate_json(data).format
        if found != FORMAT:
            raise NotAManifest(f"has the format {found}, and this version reads {FORMAT}")
        manifest = _READ.validate_json(data)
    except ValidationError:
        raise NotAManifest("is not one that Threadline wrote") from None
    names = [each.name for each in manifest.files]
    strange = sorted(set(names) - set(ALL_NAMES))
    if strange or len(set(names)) < len(names):
        raise NotAManifest(f"names what no backup has: {', '.join(strange) or 'a file twice'}")
    return manifest
