"""sessions.csv.journal: each change, durable before anybody goes on.

A record is one line::

    <CRC-32 in hex> <sequence number> <what> <data>

What is ``base`` (the first: the checksum of the CSV that the others follow), ``put`` (a row),
``swap`` (an id, and the row that takes its place), ``remove`` (ids), or ``fold`` (a sequence
number, and the checksum of a CSV that holds everything up to it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from zlib import crc32

from sessions.disk import Disk, OpenFile
from sessions.store import StoreFailed, StoreUnreadable

_BLOCK = 1 << 20
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two records: the sequence number before it, and the bytes before it.

    The bytes go on counting when a new file takes the place of the old one.
    """

    sequence: int
    offset: int


class Journal:
    """The journal's file. Any thread may call; one call at a time is at the file."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._path = path
        self._fresh = path.with_name(path.name + ".new")
        self._lock = Lock()
        self._file: OpenFile | None = None
        self._begins = 0  # the position of the file's first byte
        self._end = Position(0, 0)
        self._broken = ""

    @property
    def end(self) -> Position:
        """Where the last durable record ends."""
        return self._end

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return self._end.offset - self._begins

    def start(self, checksum: str, sequence: int, records: Sequence[str]) -> None:
        """Write a new journal: a base, and the records that follow it, numbered anew."""
        head = _record(sequence, f"base {checksum}")
        tail = b"".join(_record(sequence + n, text) for n, text in enumerate(records, 1))
        file = self._disk.create(self._fresh)
        file.write(head + tail)
        file.sync()
        self._stand(file, Position(sequence + len(records), len(head) + len(tail)), 0)

    def append(self, texts: Sequence[str]) -> Position:
        """Write records, also none; return when they are durable.

        Raises:
            StoreFailed: they are not, and will never be read as if they were.
        """
        with self._lock:
            if self._broken:
                raise StoreFailed(self._broken)
            return self._append(texts) if texts else self._end

    def mark(self, sequence: int, checksum: str, *, mend: bool) -> None:
        """Note a fold; with `mend` also in a journal that refuses changes, for it is the way out.

        Raises:
            StoreFailed: it is not durable.
        """
        with self._lock:
            if self._broken and not mend:
                raise StoreFailed(self._broken)
            if self._broken:
                self._cut()
            self._append([f"fold {sequence} {checksum}"])

    def switch(self, checksum: str, cut: Position, *, mend: bool) -> None:
        """Put a new journal in the place of this one: that base, and what came after `cut`.

        Most is copied while others append; they wait only for the end of it. With `mend` it
        takes changes again: nobody may be waiting whose change began from one that failed.
        """
        head = _record(cut.sequence, f"base {checksum}")
        file = self._disk.create(self._fresh)
        try:
            file.write(head)
            copied = self._copy(file, cut.offset, self._end.offset)
            file.sync()
            with self._lock:
                copied = self._copy(file, copied, self._end.offset)
                file.sync()
                self._stand(file, self._end, cut.offset - len(head))
                if mend:
                    self._broken = ""
        except BaseException:
            if file is not self._file:
                file.close()
            raise

    def close(self, *, remove: bool) -> None:
        """Let go of the file, and take it away if the CSV has everything."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if remove:
            self._disk.remove(self._path)
            self._disk.sync_directory(self._path.parent)

    def is_in_place(self) -> bool:
        """Say whether the name still leads to the file that is written."""
        with self._lock:
            if self._file is None:
                return True
            named = self._disk.fingerprint(self._path)
            return named is not None and named.inode == self._file.fingerprint().inode

    def _append(self, texts: Sequence[str]) -> Position:
        assert self._file is not None  # noqa: S101 - start() comes first
        sequence = self._end.sequence
        data = b"".join(_record(sequence + n, text) for n, text in enumerate(texts, 1))
        try:
            self._file.write(data)
            self._file.sync()
        except OSError as error:
            self._broken = f"The journal of the sessions cannot be written: {error}."
            self._cut(quietly=True)
            raise StoreFailed(self._broken) from error
        self._end = Position(sequence + len(texts), self._end.offset + len(data))
        return self._end

    def _cut(self, *, quietly: bool = False) -> None:
        """Take away what was not acknowledged, so that a restart does not replay it.

        A disk that has just failed may fail again, so this is tried some times. If it never
        succeeds, a restart may find changes whose callers were told that they failed.
        """
        assert self._file is not None  # noqa: S101 - start() comes first
        for attempt in range(_ATTEMPTS):
            try:
                self._file.truncate(self._end.offset - self._begins)
                self._file.sync()
                return
            except OSError:
                if attempt == _ATTEMPTS - 1 and not quietly:
                    raise

    def _copy(self, file: OpenFile, start: int, end: int) -> int:
        assert self._file is not None  # noqa: S101 - start() comes first
        while start < end:
            block = self._file.read(start - self._begins, min(_BLOCK, end - start))
            if not block:
                raise OSError(f"{self._path} is shorter than what was written to it")
            file.write(block)
            start += len(block)
        return end

    def _stand(self, file: OpenFile, end: Position, begins: int) -> None:
        self._disk.rename(self._fresh, self._path)
        if self._file is not None:
            self._file.close()
        self._file, self._end, self._begins = file, end, begins
        try:
            self._disk.sync_directory(self._path.parent)
        except OSError as error:  # after a power cut the name could lead to the old file
            self._broken = f"The directory of the sessions cannot be written: {error}."
            raise


@dataclass(frozen=True, slots=True)
class Contents:
    """What a journal file says: the changes that follow the CSV with the checksum `base`.

    `folds` are the folds in it: up to which sequence, and with which checksum.
    """

    base: str
    begins: int
    changes: tuple[tuple[int, str], ...]
    folds: tuple[tuple[int, str], ...]

    def after(self, checksum: str) -> list[str] | None:
        """Return the changes that a CSV with this checksum lacks; None if it is a stranger's."""
        if checksum == self.base:
            return [text for _, text in self.changes]
        if self.folds and self.folds[-1][1] == checksum:
            return [text for sequence, text in self.changes if sequence > self.folds[-1][0]]
        return None


def read(disk: Disk, path: Path) -> Contents | None:
    """Read a journal; None if there is none, or nothing good in it.

    A torn last record is left out.

    Raises:
        StoreUnreadable: a bad record has good ones after it.
    """
    try:
        with disk.open(path) as file:
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return None
    texts: list[str] = []
    begins = 0
    for number, line in enumerate(lines[:-1]):
        record = _parsed(line)
        if record is None or (texts and record[0] != begins + number):
            if any(_parsed(later) for later in lines[number + 1 : -1]):
                raise StoreUnreadable(
                    f"Line {number + 1} of {path} is damaged and good ones follow it. Restore the "
                    f"two files from a backup, or move {path.name} away to start with what "
                    f"{path.name.removesuffix('.journal')} holds."
                )
            break
        if number == 0:
            begins = record[0]
        texts.append(record[1])
    if not texts or not texts[0].startswith("base "):
        return None
    changes = []
    folds = []
    for sequence, text in enumerate(texts[1:], begins + 1):
        if text.startswith("fold "):
            _, upto, checksum = text.split(" ")
            folds.append((int(upto), checksum))
        else:
            changes.append((sequence, text))
    return Contents(texts[0].removeprefix("base "), begins, tuple(changes), tuple(folds))


def _parsed(line: bytes) -> tuple[int, str] | None:
    crc, _, body = line.partition(b" ")
    if crc != b"%08x" % crc32(body):
        return None
    sequence, _, text = body.decode().partition(" ")
    return int(sequence), text


def _record(sequence: int, text: str) -> bytes:
    body = f"{sequence} {text}".encode()
    return b"%08x %s\n" % (crc32(body), body)
