"""Restoring while no bot runs: over the closed files, so that no damage stands in the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.cli.house import Refusal, logging
from bot.cli.long import HowFar, show_until_done
from bot.plain_values import backup_setup
from config.loading import Loaded
from sessions.archive import ArchiveError
from sessions.backup import Backups, closed
from sessions.damaged_files import damaged_in
from sessions.disk import RealDisk
from sessions.ownership import owning
from sessions.restoring import Restoring, finish_restore
from sessions.session_files import SessionFiles
from sessions.store import SessionStoreError

Answer = TypeVar("Answer")


class ClosedFiles:
    """What no bot has open. Its answers are those of the routes that a bot has for the same."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._setup = backup_setup(loaded.settings)

    def look(self, archive: str, passphrase: str) -> Any:
        """Verify a backup, and say what a restore of it would change; raises Refusal."""

        async def work() -> Any:
            path = await asyncio.to_thread(self._find, archive)
            async with self._restoring() as restoring:
                changes = await restoring.look(path, passphrase=passphrase)
            damaged = await asyncio.to_thread(damaged_in, self._setup.places)
            rows = [asdict(each) for each in changes]
            return {"archive": path.name, "changes": rows, "damaged": damaged}

        return self._run(work)

    def put_in_place(self, archive: str, passphrase: str) -> Any:
        """Put a backup in the place of everything, and say how that ended; raises Refusal."""

        async def work() -> Any:
            path = await asyncio.to_thread(self._find, archive)
            async with self._restoring() as restoring:
                await restoring.agree(path, passphrase=passphrase)
            await finish_restore(self._setup, clock=_now)
            ended = await restoring.last()
            return asdict(ended) if ended else None

        return self._run(work)

    def _run(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        async def run() -> Answer:
            try:
                return await work()
            except (ArchiveError, SessionStoreError, OSError) as error:
                raise Refusal(f"Nothing was changed. {error}") from error

        with logging(self._loaded, quiet=True):
            return asyncio.run(run())

    def _find(self, archive: str) -> Path:
        found = self._setup.folder.find(archive)
        if found is None and Path(archive).is_absolute() and Path(archive).is_file():
            found = Path(archive)
        if found is None:
            raise Refusal(f"There is no such backup in {self._setup.folder.path}.")
        return found

    @asynccontextmanager
    async def _restoring(self) -> AsyncIterator[Restoring]:
        """Finish what was begun before, then keep every bot away while the ``with`` lasts."""
        places = self._setup.places
        await finish_restore(self._setup, clock=_now)
        csv = await asyncio.to_thread(places.csv.resolve)
        async with (
            owning(RealDisk(), SessionFiles(csv)),
            Backups(self._setup, closed(places), clock=_now) as backups,
            show_until_done(lambda: _how_far(backups)),
        ):
            yield Restoring(backups, clock=_now)


def _how_far(backups: Backups) -> HowFar | None:
    now = backups.under_way
    return HowFar(now.what, now.done, now.of) if now else None


def _now() -> datetime:
    return datetime.now(UTC)
