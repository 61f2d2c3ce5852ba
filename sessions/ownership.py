"""One process owns the files of the sessions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sessions.disk import Disk, Ownership
from sessions.session_files import SessionFiles
from sessions.store import StoreFailed, StoreOwned


@asynccontextmanager
async def owning(disk: Disk, files: SessionFiles) -> AsyncIterator[None]:
    """Hold the lock of the files.

    Raises:
        StoreOwned: another process has it; the message says which.
        StoreFailed: nothing can be written there.
    """
    lock = await asyncio.to_thread(_lock, disk, files)
    try:
        yield
    finally:
        await asyncio.to_thread(lock.release)


def _lock(disk: Disk, files: SessionFiles) -> Ownership:
    try:
        disk.names(files.csv.parent)
        return disk.own(files.lock)
    except BlockingIOError as holder:
        raise StoreOwned(
            f"{files.csv} is in use by {holder}. Stop it first, or use another SESSIONS_CSV_PATH."
        ) from None
    except OSError as error:
        raise StoreFailed(f"The sessions cannot be kept in {files.csv.parent}: {error}.") from error
