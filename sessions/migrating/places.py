"""The files of a source: opened to be read only, and never through a link that leads out of it."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sessions.migrating.found import Remarks, SourceRefused

LARGEST = 256 * 1024**2
"""Bytes of a text file that is read at once."""

DEEPEST = 4
MOST_FILES = 100_000
LINK = "It is a link; name what it leads to."


@dataclass(frozen=True, slots=True)
class Place:
    """A file of a source, and how it is named to people."""

    path: Path
    name: str


def places_in(path: Path, remarks: Remarks) -> Iterator[Place]:
    """Give the files of a source: the one that it is, or all in the folder that it is.

    Raises:
        SourceRefused: it is neither, or cannot be read.
    """
    try:
        kind = path.stat().st_mode
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceRefused(f"{path} cannot be read: {why}.") from error
    if stat.S_ISREG(kind):
        yield Place(path, path.name)
    elif stat.S_ISDIR(kind):
        yield from _inside(path, "", remarks, [0])
    else:
        raise SourceRefused(f"{path} is neither a file nor a folder.")


def _inside(folder: Path, above: str, remarks: Remarks, many: list[int]) -> Iterator[Place]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda each: each.name)
    except OSError as error:
        remarks.leave_out(above or str(folder), f"It cannot be read: {error.strerror}.")
        return
    for each in entries:
        name = shown(f"{above}{each.name}")
        many[0] += 1
        if many[0] > MOST_FILES:
            raise SourceRefused(f"There are more than {MOST_FILES:,} files in it.")
        if each.is_symlink():
            remarks.leave_out(name, LINK)
        elif each.is_dir():
            if above.count("/") >= DEEPEST:
                remarks.leave_out(f"{name}/", f"It is more than {DEEPEST} folders deep.")
            else:
                yield from _inside(folder / each.name, f"{above}{each.name}/", remarks, many)
        elif each.is_file():
            yield Place(folder / each.name, name)
        else:
            remarks.leave_out(name, "It is no file.")


def shown(name: str) -> str:
    """Give a file's name as a text, also if its bytes are none."""
    return os.fsencode(name).decode("utf-8", "replace").replace("\n", " ")


def open_to_read(place: Place) -> int:
    """Open a file and return its descriptor; it must be one, and no link.

    Raises:
        SourceRefused: it is none any more, or cannot be read.
    """
    try:
        descriptor = os.open(place.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SourceRefused(f"{place.name} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceRefused(f"{place.name} is no file.")
    return descriptor


def beginning_of(place: Place, many: int = 4096) -> bytes:
    """Give the first bytes of a file."""
    with os.fdopen(open_to_read(place), "rb") as file:
        try:
            return file.read(many)
        except OSError as error:
            raise SourceRefused(f"{place.name} cannot be read: {error.strerror}.") from error


def text_of(place: Place) -> str:
    """Give a whole text file.

    Raises:
        SourceRefused: it is too large or not UTF-8, with the place.
    """
    with os.fdopen(open_to_read(place), "rb") as file:
        try:
            found = file.read(LARGEST + 1)
        except OSError as error:
            raise SourceRefused(f"{place.name} cannot be read: {error.strerror}.") from error
    if len(found) > LARGEST:
        raise SourceRefused(f"{place.name} is larger than {LARGEST:,} bytes.")
    utf_16 = found.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return found.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        raise SourceRefused(
            f"{place.name} is not UTF-8: line {line} has a byte {found[error.start]:#04x}."
        ) from error
