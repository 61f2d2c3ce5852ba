"""Backups of everything at one moment, while people write.

Whoever writes is held for as long as every file gets a snapshot, some milliseconds. A child of low
priority copies the snapshots, packs them, and unpacks them to see whether they are whole.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import structlog

from sessions.archivist import Making, Opening
from sessions.archivist_process import Archivist
from sessions.backup_folder import BackupFolder
from sessions.csv_file import write_sessions
from sessions.disk import RealDisk
from sessions.manifest import Manifest
from sessions.stored_files import CSV, DATABASES, JOURNAL, KEYS, Places

log: structlog.stdlib.BoundLogger = structlog.get_logger()
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """How long backups are kept, 0 days is for ever; without a passphrase none is encrypted."""

    keep: timedelta = timedelta(days=30)
    passphrase: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class BackupSetup:
    """What is backed up, where backups stand, and how they are kept."""

    folder: BackupFolder
    places: Places
    options: BackupOptions


Into = Callable[[Path], None]
"""Writes into a folder what is no database; it blocks."""


@dataclass(frozen=True, slots=True)
class Writers:
    """How everybody who writes is held, and what else there is at that moment.

    Each of `held` keeps one store as it is while its ``with`` lasts; `unheld` are databases whose
    writers cannot be held, so that they are locked for that moment. `others` notes at once what
    is no database, and gives what writes it later.
    """

    held: Sequence[Callable[[], AbstractAsyncContextManager[None]]]
    unheld: Sequence[str]
    others: Callable[[], Into]


@dataclass(frozen=True, slots=True)
class Made:
    """An archive that stands, and what is in it."""

    path: Path
    size: int
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is being done, and how many bytes of how many."""

    what: str
    done: int
    of: int


class Backups:
    """Makes and verifies backups, one at a time."""

    def __init__(
        self,
        setup: BackupSetup,
        writers: Writers,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.folder = setup.folder
        self.places = setup.places
        self.under_way: UnderWay | None = None
        self._writers = writers
        self._options = setup.options
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        # Its own, for who has the lock: the moment must not wait for whatever else wants a thread.
        self._thread = ThreadPoolExecutor(1, "backups")

    async def __aenter__(self) -> Self:
        """Take away what a process that died has left."""
        await self._blocking(self.folder.sweep)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what is under way, which whoever began it may have cancelled."""
        async with self._one_at_a_time:
            await asyncio.to_thread(self._thread.shutdown)

    async def make(self, why: str) -> Made:
        """Back everything up; `why` is words with hyphens, as they stand in the name.

        Raises:
            ArchiveError, OSError: there is none, with the reason.
        """
        async with self._one_at_a_time:
            await self._blocking(self.folder.prepare)
            made_at = self._clock()
            new = self.folder.new
            encrypted = bool(self._options.passphrase)
            archive = await self._blocking(lambda: new(made_at, why, encrypted=encrypted))
            async with self._working_in(archive) as folder:
                task = Making(
                    await self._blocking(self._databases),
                    [str(self.places.of(name)) for name in self._writers.unheld],
                    str(folder),
                    str(archive),
                    why,
                    self._options.version,
                    self._options.passphrase,
                )
                async with self._child("backup", task) as child:
                    manifest = await self._make(child, folder, made_at)
            size = await self._blocking(lambda: archive.stat().st_size)
        log.info("backed up", file=archive.name, bytes=size, barrier_ms=manifest.barrier_ms)
        return Made(archive, size, manifest)

    async def verify(self, archive: Path, *, passphrase: str = "") -> Manifest:
        """Unpack an archive and look into every file of it, then throw that away.

        Raises:
            ArchiveError: it is not whole; the sentence names the bad file.
            OSError: it cannot be read, or there is no room for it.
        """
        async with self._one_at_a_time:
            await self._blocking(self.folder.prepare)
            async with self._working_in(archive) as folder:
                manifest = await self._unpack(archive, folder, passphrase)
            if archive.parent == self.folder.path:
                at = self._clock()
                await self._blocking(lambda: self.folder.note_verified(archive.name, at))
        log.info("verified a backup", file=archive.name)
        return manifest

    async def unpack(self, archive: Path, folder: Path, *, passphrase: str = "") -> Manifest:
        """Unpack an archive into an empty folder, and look into every file; raises as `verify`."""
        async with self._one_at_a_time:
            return await self._unpack(archive, folder, passphrase)

    async def _unpack(self, archive: Path, folder: Path, passphrase: str) -> Manifest:
        task = Opening(str(archive), str(folder), passphrase or self._options.passphrase)
        async with self._child("verify", task) as child:
            return await self._blocking(child.result)

    async def every_night(self) -> None:
        """Make a backup, verify it, and remove what is too old; whatever fails is raised."""
        made = await self.make("nightly")
        await self.verify(made.path)
        await self.drop_older()

    async def drop_older(self) -> Sequence[str]:
        """Remove backups that were kept long enough; return their names."""
        keep = self._options.keep
        if not keep:
            return []
        gone = await asyncio.to_thread(self.folder.drop_older, self._clock(), keep)
        if gone:
            log.info("removed old backups", files=gone)
        return gone

    @asynccontextmanager
    async def _working_in(self, archive: Path) -> AsyncIterator[Path]:
        """Give an empty folder for the parts of an archive, which is gone afterwards."""
        folder = await self._blocking(lambda: self.folder.working_in(archive))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _make(self, child: Archivist, folder: Path, made_at: datetime) -> Manifest:
        await self._blocking(lambda: child.wait_for("ready"))
        async with AsyncExitStack() as stack:
            begun = time.perf_counter()
            for held in self._writers.held:
                await stack.enter_async_context(held())
            write_others = self._writers.others()
            await self._blocking(lambda: self._take(child))
        barrier_ms = round((time.perf_counter() - begun) * 1000, 2)

        def pack() -> Manifest:
            write_others(folder)
            child.tell(f"pack {made_at.isoformat()} {barrier_ms}")
            return child.result()

        return await self._blocking(pack)

    def _databases(self) -> list[str]:
        paths = [self.places.of(each.name) for each in DATABASES]
        return [str(path) for path in paths if path.exists()]

    def _take(self, child: Archivist) -> None:
        child.tell("take")
        child.wait_for("taken")

    @asynccontextmanager
    async def _child(self, what: str, task: Making | Opening) -> AsyncIterator[Archivist]:
        """Start the child for one task; whoever is cancelled meanwhile ends it."""

        def progress(done: int, of: int) -> None:
            self.under_way = UnderWay(what, min(done, of), of)

        self.under_way = UnderWay(what, 0, 0)
        child = Archivist(task, progress)
        try:
            await self._blocking(child.start)
            yield child
        finally:
            child.stop()  # so that the thread waits for it no longer
            await asyncio.shield(self._blocking(child.close))
            self.under_way = None

    async def _blocking(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def beside_databases(store_rows: Callable[[], Sequence[str]], places: Places) -> Callable[[], Into]:
    """Give what notes the rows of the sessions at a moment, and writes them later.

    The keys beside them are made at the first start, and never change while a bot runs.
    """

    def note() -> Into:
        rows = store_rows()

        def write(folder: Path) -> None:
            file = RealDisk().create(folder / CSV)
            try:
                write_sessions(file, rows)
            finally:
                file.close()
            _copy((KEYS,), places, folder)

        return write

    return note


def closed(places: Places) -> Writers:
    """Say how it is while nobody has anything open: the files are what there is."""
    return Writers((), (), lambda: partial(_copy, (CSV, JOURNAL, KEYS), places))


def _copy(names: Sequence[str], places: Places, folder: Path) -> None:
    for name in names:
        if places.of(name).exists():
            shutil.copyfile(places.of(name), folder / name)
