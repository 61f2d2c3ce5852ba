"""What the session files need of the disk, so that tests can have one that fails or loses power."""

import fcntl
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells without reading whether a file is still the one we know."""

    inode: int
    size: int
    modified: int
    writable: bool
    is_file: bool = True


class OpenFile(Protocol):
    """A file that is being written. Each call is on the disk's time, so never on the loop's."""

    def write(self, data: bytes) -> None:
        """Write all of it at the end."""
        ...

    def sync(self) -> None:
        """Return when everything written is durable."""
        ...

    def read(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes from `start` on."""
        ...

    def truncate(self, size: int) -> None:
        """Cut the file off after `size` bytes; what is written next follows there."""
        ...

    def fingerprint(self) -> Fingerprint:
        """Say which file this is."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Disk(Protocol):
    """The operations on files. All raise OSError."""

    def open(self, path: Path) -> BinaryIO:
        """Open a file for reading."""
        ...

    def create(self, path: Path) -> OpenFile:
        """Make an empty file that only its owner may read, in place of what has that name."""
        ...

    def append(self, path: Path) -> OpenFile:
        """Open a file, or make it, for writing at its end."""
        ...

    def fingerprint(self, path: Path) -> Fingerprint | None:
        """Say which file has this name; None if none has."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, in place of what has that name."""
        ...

    def link(self, old: Path, new: Path) -> None:
        """Give a file a second name."""
        ...

    def remove(self, path: Path) -> None:
        """Take a name away; nothing happens if it is gone."""
        ...

    def sync_directory(self, directory: Path) -> None:
        """Return when the names in it are durable."""
        ...

    def names(self, directory: Path) -> Sequence[str]:
        """List the names in it, making the directory if it is not there."""
        ...

    def own(self, path: Path) -> "Ownership":
        """Take the lock that this file stands for.

        Raises:
            BlockingIOError: another process has it; the message says who.
        """
        ...


class Ownership(Protocol):
    """A lock that is held. It ends with the process, however that ends."""

    def release(self) -> None:
        """Give it up."""
        ...


class RealFile:
    """An `OpenFile` of the operating system."""

    def __init__(self, path: Path, flags: int) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | flags, 0o600)
        os.fchmod(self._descriptor, 0o600)

    def write(self, data: bytes) -> None:
        """Write all of it at the end."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def sync(self) -> None:
        """Return when everything written is durable."""
        getattr(os, "fdatasync", os.fsync)(self._descriptor)

    def read(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes from `start` on."""
        return os.pread(self._descriptor, size, start)

    def truncate(self, size: int) -> None:
        """Cut the file off after `size` bytes."""
        os.ftruncate(self._descriptor, size)

    def fingerprint(self) -> Fingerprint:
        """Say which file this is."""
        return _fingerprint(os.fstat(self._descriptor))

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)


class RealDisk:
    """The `Disk` of the operating system."""

    def open(self, path: Path) -> BinaryIO:
        """Open a file for reading."""
        return path.open("rb")

    def create(self, path: Path) -> OpenFile:
        """Make an empty file that only its owner may read."""
        return RealFile(path, os.O_TRUNC)

    def append(self, path: Path) -> OpenFile:
        """Open a file, or make it, for writing at its end."""
        return RealFile(path, 0)

    def fingerprint(self, path: Path) -> Fingerprint | None:
        """Say which file has this name; None if none has."""
        try:
            return _fingerprint(path.stat())
        except FileNotFoundError:
            return None

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name."""
        old.replace(new)

    def link(self, old: Path, new: Path) -> None:
        """Give a file a second name."""
        os.link(old, new)

    def remove(self, path: Path) -> None:
        """Take a name away."""
        path.unlink(missing_ok=True)

    def sync_directory(self, directory: Path) -> None:
        """Return when the names in it are durable."""
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def names(self, directory: Path) -> Sequence[str]:
        """List the names in it."""
        directory.mkdir(parents=True, exist_ok=True)
        return sorted(os.listdir(directory))  # noqa: PTH208 - names are what is asked for

    def own(self, path: Path) -> Ownership:
        """Take the lock that this file stands for."""
        return FileLock(path)


class FileLock:
    """A lock file that names the process which holds it.

    The file is removed when the lock is given up, so after taking the lock one looks whether
    the file still has its name: otherwise the lock is on nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._has_its_name(descriptor):
                    os.ftruncate(descriptor, 0)
                    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
                    self._descriptor = descriptor
                    return
            except BlockingIOError:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
                os.close(descriptor)
                raise BlockingIOError(f"process {holder}" if holder else "a process") from None
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _has_its_name(self, descriptor: int) -> bool:
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(descriptor))

    def release(self) -> None:
        """Give it up."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _fingerprint(status: os.stat_result) -> Fingerprint:
    return Fingerprint(
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        bool(status.st_mode & 0o222),
        stat.S_ISREG(status.st_mode),
    )
