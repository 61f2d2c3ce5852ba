"""Reading sessions.csv, also as a person or a spreadsheet left it, and writing it."""

import codecs
import gc
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from sessions.disk import Disk, OpenFile
from sessions.foreign_rows import Layout, RowRejected, layout_of
from sessions.live_sessions import LiveSessions, key_of
from sessions.models import Session
from sessions.own_rows import take_own_rows
from sessions.rows import HEADER, ROW_CHARACTERS, line_of
from sessions.store import SessionInvalid, StoreUnreadable

_BLOCK = 1 << 20
_LINES_AT_ONCE = 2_000
_LONGEST_ROW = 4 * ROW_CHARACTERS
_NOT_CLOSED = "a quotation mark is not closed"
_CONTROLS = bytes([*range(10), *range(11, 32), 127])


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that cannot be served, as it stood in the file, and why."""

    reason: str
    text: str


@dataclass(slots=True)
class ReadFile:
    """What a file held. `checksum` is None if there was no file."""

    live: LiveSessions = field(default_factory=LiveSessions)
    checksum: str | None = None
    rejected: list[RejectedRow] = field(default_factory=list)
    as_we_write: bool = True


def read_sessions(disk: Disk, path: Path) -> ReadFile:
    """Read a file of sessions; one that is not there, or empty, holds none.

    Raises:
        StoreUnreadable: it cannot be opened, or its header is not ours.
    """
    found = ReadFile()
    digest = hashlib.sha256()
    collecting = gc.isenabled()
    gc.disable()  # nothing here is garbage, and looking for it would take half the time
    try:
        with disk.open(path) as file:
            first = file.read(_BLOCK)
            found.as_we_write = not first.startswith(codecs.BOM_UTF8)
            blocks = chain([first], iter(lambda: file.read(_BLOCK), b""))
            _read(path, _batches(blocks, digest, found), found)
        found.checksum = digest.hexdigest()
    except FileNotFoundError:
        return found
    except OSError as error:
        raise StoreUnreadable(f"{path} cannot be read: {error.strerror or error}.") from error
    finally:
        if collecting:
            gc.enable()
    return found


def write_sessions(file: OpenFile, lines: Sequence[str]) -> str:
    """Write a header and rows; return the checksum."""
    digest = hashlib.sha256()
    for start in range(-_LINES_AT_ONCE, len(lines), _LINES_AT_ONCE):
        part = [HEADER] if start < 0 else lines[start : start + _LINES_AT_ONCE]
        data = ("\n".join(part) + "\n").encode()
        digest.update(data)
        file.write(data)
    return digest.hexdigest()


def checksum_of(disk: Disk, path: Path) -> str | None:
    """Return the checksum of a file; None if it is not there."""
    digest = hashlib.sha256()
    try:
        with disk.open(path) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


def _batches(
    blocks: Iterable[bytes], digest: "hashlib._Hash", found: ReadFile
) -> Iterator[tuple[list[str], bool]]:
    """Give the lines of a file, some thousands at once, and whether they are all plain text.

    Bytes that are not text stay visible, so that only their rows are set aside.
    """
    decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
    rest, rest_is_plain = "", True
    for block in blocks:
        digest.update(block)
        is_plain = block.isascii() and len(block.translate(None, _CONTROLS)) == len(block)
        lines = (rest + decode(block)).split("\n")
        rest = lines.pop()
        yield lines, is_plain and rest_is_plain
        rest_is_plain = is_plain
    if rest:
        found.as_we_write = False  # the last line break is missing
        yield [rest], False


def _read(path: Path, batches: Iterator[tuple[list[str], bool]], found: ReadFile) -> None:
    reading: _Rows | None = None
    for lines, are_plain in batches:
        start = 0
        while reading is None and start < len(lines):
            if not lines[start].strip():
                found.as_we_write = False
            else:
                layout = layout_of(lines[start].removesuffix("\r"), str(path))
                reading = _Rows(layout, found)
            start += 1
        if reading is not None:
            reading.take(lines[start:], are_plain=are_plain)
    if reading is not None:
        reading.end()
    else:
        found.as_we_write = False


class _Rows:
    """The rows after the header: the usual ones quickly, the others with care."""

    def __init__(self, layout: Layout, found: ReadFile) -> None:
        self._layout = layout
        self._found = found
        self._expected = 0  # the number of the line that would follow
        self._open = ""  # a row with a quotation mark that is not closed yet
        found.as_we_write = found.as_we_write and layout.is_ours

    def take(self, lines: Sequence[str], *, are_plain: bool) -> None:
        self._expected = 0
        if self._layout.is_ours:
            take_own_rows(self._found.live, lines, self._take_other, are_plain=are_plain)
        else:
            for number, line in enumerate(lines):
                self._take_other(number, line)
        if self._expected != len(lines):
            self.end()

    def _take_other(self, number: int, line: str) -> None:
        if number != self._expected:  # a good row stands between
            self.end()
        self._expected = number + 1
        text = f"{self._open}\n{line}" if self._open else line
        self._open = ""
        if text.count('"') % 2 == 0:
            _take(self._found, self._layout, text)
        elif len(text) > _LONGEST_ROW:
            _reject(self._found, _NOT_CLOSED, text)
        else:
            self._open = text

    def end(self) -> None:
        if self._open:
            _reject(self._found, _NOT_CLOSED, self._open)
            self._open = ""


def _take(found: ReadFile, layout: Layout, text: str) -> None:
    try:
        session = layout.session(text)
        line = "" if session is None else line_of(session)
    except (RowRejected, SessionInvalid) as reason:
        _reject(found, str(reason), text)
        return
    found.as_we_write = found.as_we_write and session is not None and line == text
    if session is None:
        return
    for other, same in _twins(found.live, session):
        if other.last_activity > session.last_activity:
            _reject(found, f"another row has the same {same} and was active later", text)
            return
        found.live.remove([other], [key_of(other)])
        _reject(found, f"another row has the same {same} and was active later", line_of(other))
    found.live.add(session.session_id, key_of(session), session.last_activity, line)


def _twins(live: LiveSessions, session: Session) -> Iterator[tuple[Session, str]]:
    same_id = live.get(session.session_id)
    if same_id is not None:
        yield same_id, "session_id"
    same_key = live.find(session.key)
    if same_key is not None:
        yield same_key, "person and place"


def _reject(found: ReadFile, reason: str, text: str) -> None:
    found.as_we_write = False
    found.rejected.append(RejectedRow(reason, text))
