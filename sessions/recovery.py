"""The start: what the CSV and the journal say together, and what becomes of each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from sessions import journal as journal_file
from sessions.csv_file import ReadFile, checksum_of, read_sessions, write_sessions
from sessions.disk import Disk
from sessions.journal import Contents, Journal
from sessions.live_sessions import LiveSessions
from sessions.rejected import keep_rejected
from sessions.replay import replay
from sessions.session_files import SessionFiles
from sessions.store import StoreFailed, StoreUnreadable

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(slots=True)
class Recovered:
    """What the start has found: the sessions, and a journal to go on with.

    `checksum` is that of the CSV as it stands; `needs_fold` says that it lacks something or is
    not as we write it.
    """

    live: LiveSessions
    journal: Journal
    checksum: str
    needs_fold: bool
    rejected_rows: int


def recover(disk: Disk, files: SessionFiles, clock: Callable[[], datetime]) -> Recovered:
    """Bring the files into the state that the store goes on from.

    Everything is read before anything is changed.

    Raises:
        StoreUnreadable: a file is damaged or not ours; none was touched.
        StoreFailed: they cannot be written.
    """
    known = disk.fingerprint(files.csv)
    if known is not None and not known.is_file:
        raise StoreUnreadable(f"{files.csv} is no file. Move it away, or set SESSIONS_CSV_PATH.")
    if known is not None and not known.writable:
        raise StoreUnreadable(f"{files.csv} is read-only. Make it writable, or move it away.")
    try:
        before = journal_file.read(disk, files.journal)
    except OSError as error:
        raise StoreUnreadable(f"{files.journal} cannot be read: {error}.") from error
    found = read_sessions(disk, files.csv)
    changes: list[str] | None = None
    if before is not None and found.checksum is not None:
        changes = before.after(found.checksum)
    try:
        for change in changes or ():
            replay(found.live, change)
    except (ValueError, KeyError) as error:
        raise StoreUnreadable(f"{files.journal} holds what is no change: {error}.") from error
    try:
        return _Settling(disk, files, clock).settle(found, before, changes)
    except OSError as error:
        raise StoreFailed(f"The sessions cannot be kept in {files.csv.parent}: {error}.") from error


class _Settling:
    """Everything was understood: now the files are brought in order, each step durable."""

    def __init__(self, disk: Disk, files: SessionFiles, clock: Callable[[], datetime]) -> None:
        self._disk = disk
        self._files = files
        self._clock = clock

    def settle(
        self, found: ReadFile, before: Contents | None, changes: list[str] | None
    ) -> Recovered:
        disk, files = self._disk, self._files
        self._settle_leftovers(found, before)
        rejected_rows = keep_rejected(disk, files.rejected, found.rejected, self._clock())
        if found.rejected:
            log.warning(
                "rows that are no sessions were set aside, with reasons",
                rows=len(found.rejected),
                file=files.rejected.name,
            )
        if changes is None:
            self._set_journal_aside(before)
        checksum = found.checksum or self._write_empty()
        journal = Journal(disk, files.journal)
        journal.start(checksum, before.begins if before else 0, changes or [])
        loaded = f"Loaded {len(found.live)} sessions from {files.csv.name}"
        log.info(loaded)
        needs_fold = bool(changes) or (found.checksum is not None and not found.as_we_write)
        return Recovered(found.live, journal, checksum, needs_fold, rejected_rows)

    def _settle_leftovers(self, found: ReadFile, before: Contents | None) -> None:
        """Look after what a crash in the middle of a fold has left."""
        self._disk.remove(self._files.fresh)
        aside = checksum_of(self._disk, self._files.aside)
        if aside is None:
            return
        ours = {found.checksum}
        if before is not None:
            ours |= {before.base, *(checksum for _, checksum in before.folds)}
        if aside in ours:
            self._disk.remove(self._files.aside)
            return
        kept = self._files.edited(self._disk, self._clock())
        self._disk.rename(self._files.aside, kept)
        log.warning("the file was edited while the bot ran, and is kept", file=kept.name)

    def _set_journal_aside(self, before: Contents | None) -> None:
        if self._disk.fingerprint(self._files.journal) is None:
            return
        kept = self._files.set_aside_journal(self._disk, self._clock())
        self._disk.rename(self._files.journal, kept)
        self._disk.sync_directory(kept.parent)
        log.warning(
            "the file was changed by somebody else since it was written, so it counts; "
            "the journal, which does not belong to it, is kept",
            file=self._files.csv.name,
            journal=kept.name,
            changes=len(before.changes) if before else 0,
        )

    def _write_empty(self) -> str:
        file = self._disk.create(self._files.fresh)
        try:
            checksum = write_sessions(file, [])
            file.sync()
        finally:
            file.close()
        self._disk.rename(self._files.fresh, self._files.csv)
        self._disk.sync_directory(self._files.csv.parent)
        return checksum
