"""The fold: sessions.csv written anew, so that the journal can begin again."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import structlog

from sessions.csv_file import checksum_of, write_sessions
from sessions.disk import Disk, Fingerprint
from sessions.journal import Journal, Position
from sessions.session_files import SessionFiles

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Fold:
    """Writes the CSV, one fold at a time, never on the event loop.

    Each step leaves files from which a start finds everything:

    1. the new CSV beside the old one: a start removes it;
    2. the journal's note that it exists: a start still reads the old CSV and all changes;
    3. the new CSV in place of the old one: a start reads it and the changes after the note;
    4. a new journal: a start reads the new CSV and all changes.
    """

    def __init__(
        self,
        disk: Disk,
        files: SessionFiles,
        journal: Journal,
        checksum: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._disk = disk
        self._files = files
        self._journal = journal
        self._clock = clock
        #: The CSV as we wrote it: its checksum, and what tells without reading that it is the same.
        self._checksum = checksum
        self._known = disk.fingerprint(files.csv)
        #: A CSV that stands and whose journal does not: to be finished before the next fold.
        self._unfinished: tuple[str, Position] | None = None
        #: What the file with the second name was when we wrote it.
        self._aside = (self._known, checksum)
        #: A stranger's file that has a name of its own already.
        self._kept: Fingerprint | None = None

    def run(self, lines: Sequence[str], cut: Position, *, mend: bool = False) -> None:
        """Make the CSV hold these rows, which are everything up to `cut`.

        With `mend` the journal, which had refused changes, takes them again afterwards.

        Raises:
            OSError, StoreFailed: it did not come to the end; the next run goes on from there.
        """
        if self._unfinished is not None:
            self._finish(*self._unfinished, mend=False)
        file = self._disk.create(self._files.fresh)
        try:
            checksum = write_sessions(file, lines)
            file.sync()
            fresh = file.fingerprint()
        finally:
            file.close()
        self._journal.mark(cut.sequence, checksum, mend=mend)
        self._put_aside()
        self._disk.rename(self._files.fresh, self._files.csv)
        self._unfinished = (checksum, cut)
        self._known, self._checksum = fresh, checksum
        self._finish(checksum, cut, mend=mend)

    def is_disturbed(self) -> bool:
        """Say whether somebody else was at the CSV or the journal."""
        known = self._disk.fingerprint(self._files.csv)
        return known != self._known or not self._journal.is_in_place()

    def edited_files(self) -> tuple[Path, ...]:
        """List the files that are kept because a person edited them."""
        names = self._disk.names(self._files.csv.parent)
        return tuple(
            self._files.csv.with_name(name) for name in names if self._files.is_edited(name)
        )

    def _finish(self, checksum: str, cut: Position, *, mend: bool) -> None:
        self._disk.sync_directory(self._files.csv.parent)
        self._let_go()  # before the journal: it knows the old CSV, should a start find it
        self._journal.switch(checksum, cut, mend=mend)
        self._unfinished = None

    def _put_aside(self) -> None:
        """Give the old CSV a second name, and keep it for good if it is not what we wrote."""
        self._let_go()  # what an earlier fold could not finish
        found = self._disk.fingerprint(self._files.csv)
        if found is None:
            log.warning("the file was removed while the bot runs", file=self._files.csv.name)
            return
        if found == self._kept:
            return
        self._disk.link(self._files.csv, self._files.aside)
        self._aside = (self._known, self._checksum)
        if self._is_strange():
            self._kept = self._keep()

    def _let_go(self) -> None:
        """Take the second name of the old CSV away, unless somebody wrote into it meanwhile."""
        if self._disk.fingerprint(self._files.aside) is None:
            return
        if self._is_strange():
            self._keep()
        else:
            self._disk.remove(self._files.aside)

    def _is_strange(self) -> bool:
        known, checksum = self._aside
        if self._disk.fingerprint(self._files.aside) == known:
            return False
        return checksum_of(self._disk, self._files.aside) != checksum

    def _keep(self) -> Fingerprint | None:
        path = self._files.edited(self._disk, self._clock())
        self._disk.rename(self._files.aside, path)
        with suppress(OSError):
            self._disk.sync_directory(path.parent)
        log.warning(
            "the file was edited while the bot runs; to make its changes: sessions apply FILE",
            file=path.name,
        )
        return self._disk.fingerprint(path)
