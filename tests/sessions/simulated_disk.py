"""A disk in memory that can fail, fill up, be killed, or lose power, at any step."""

import errno
import io
import random
from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import BinaryIO, Literal

from sessions.disk import Disk, Fingerprint, OpenFile, Ownership

Death = Literal["killed", "power cut"]


class Inode:
    """A file without a name: what it holds, and what of that is durable."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.data = b""
        self.durable = b""
        self.modified = 0


class SimulatedDisk(Disk):
    """Passes as a `Disk`. Each step that changes something has a number, from 1 on.

    At step `dies_at` the machine stops: that write is torn, and everything later fails. The
    steps in `fails_at` fail once, a write after half of it. `full` makes all writes fail.
    """

    def __init__(self) -> None:
        self.names_now: dict[Path, Inode] = {}
        self.names_durable: list[dict[Path, Inode]] = [{}]
        self.steps = 0
        self.dies_at = 0
        self.fails_at: set[int] = set()
        self.full = False
        self.writable = True
        self._inodes = 0
        self._clock = 0
        self.lock = RLock()

    @property
    def is_dead(self) -> bool:
        return 0 < self.dies_at <= self.steps

    def restart(self, death: Death, chance: random.Random) -> "SimulatedDisk":
        """Return the disk as it is found after the machine stopped."""
        after = SimulatedDisk()
        after._inodes = self._inodes
        found = self.names_now
        if death == "power cut":
            found = chance.choice(self.names_durable)
        copies: dict[int, Inode] = {}
        for path, inode in found.items():
            copy = copies.get(inode.number)
            if copy is None:
                copy = copies[inode.number] = Inode(inode.number)
                copy.data = inode.data if death == "killed" else _torn(inode, chance)
                copy.durable = copy.data
                copy.modified = inode.modified
            after.names_now[path] = copy
        after.names_durable = [dict(after.names_now)]
        return after

    def text(self, path: Path) -> str:
        return self.names_now[path].data.decode()

    # ------------------------------------------------------------ steps

    def step(self) -> None:
        if self.is_dead:
            raise OSError(errno.EIO, "the machine is off")
        self.steps += 1
        if self.steps in self.fails_at or self.is_dead:
            raise OSError(errno.EIO, "this step failed")

    def write_to(self, inode: Inode, data: bytes) -> None:
        with self.lock:
            try:
                self._find_room()
                self.step()
            except OSError:
                if not self.is_dead or self.steps == self.dies_at:
                    inode.data += data[: len(data) // 2]
                raise
            inode.data += data
            self.touch(inode)

    def _find_room(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")

    def touch(self, inode: Inode) -> None:
        self._clock += 1
        inode.modified = self._clock

    def _renamed(self) -> None:
        self.names_durable.append(dict(self.names_now))

    # ------------------------------------------------------------ Disk

    def open(self, path: Path) -> BinaryIO:
        with self.lock:
            return io.BytesIO(self._inode(path).data)

    def create(self, path: Path) -> OpenFile:
        with self.lock:
            self.step()
            self._inodes += 1
            self.names_now[path] = Inode(self._inodes)
            self._renamed()
            return SimulatedFile(self, self.names_now[path])

    def append(self, path: Path) -> OpenFile:
        return (
            SimulatedFile(self, self.names_now[path])
            if path in self.names_now
            else self.create(path)
        )

    def fingerprint(self, path: Path) -> Fingerprint | None:
        with self.lock:
            inode = self.names_now.get(path)
            return None if inode is None else self.print_of(inode)

    def print_of(self, inode: Inode) -> Fingerprint:
        return Fingerprint(inode.number, len(inode.data), inode.modified, self.writable)

    def rename(self, old: Path, new: Path) -> None:
        with self.lock:
            self.step()
            self.names_now[new] = self._inode(old)
            del self.names_now[old]
            self._renamed()

    def link(self, old: Path, new: Path) -> None:
        with self.lock:
            self.step()
            if new in self.names_now:
                raise FileExistsError(errno.EEXIST, "File exists", str(new))
            self.names_now[new] = self._inode(old)
            self._renamed()

    def remove(self, path: Path) -> None:
        with self.lock:
            if path in self.names_now:
                self.step()
                del self.names_now[path]
                self._renamed()

    def sync_directory(self, directory: Path) -> None:
        with self.lock:
            self.step()
            self.names_durable = [dict(self.names_now)]

    def names(self, directory: Path) -> Sequence[str]:
        with self.lock:
            return sorted(path.name for path in self.names_now if path.parent == directory)

    def own(self, path: Path) -> Ownership:
        return NoLock()

    def _inode(self, path: Path) -> Inode:
        try:
            return self.names_now[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "No such file", str(path)) from None


class SimulatedFile:
    """An `OpenFile` of the simulated disk."""

    def __init__(self, disk: SimulatedDisk, inode: Inode) -> None:
        self._disk = disk
        self._inode = inode

    def write(self, data: bytes) -> None:
        self._disk.write_to(self._inode, data)

    def sync(self) -> None:
        with self._disk.lock:
            self._disk.step()
            self._inode.durable = self._inode.data

    def read(self, start: int, size: int) -> bytes:
        return self._inode.data[start : start + size]

    def truncate(self, size: int) -> None:
        with self._disk.lock:
            self._disk.step()
            self._inode.data = self._inode.data[:size]
            self._disk.touch(self._inode)

    def fingerprint(self) -> Fingerprint:
        return self._disk.print_of(self._inode)

    def close(self) -> None:
        pass


class NoLock:
    """The lock of a disk that nobody else can reach."""

    def release(self) -> None:
        pass


def _torn(inode: Inode, chance: random.Random) -> bytes:
    """Return what is left of a file: what is durable, and any part of what was written since."""
    if not inode.data.startswith(inode.durable):  # it was cut off, and perhaps written again
        return chance.choice([inode.data, inode.durable])
    return inode.data[: chance.randint(len(inode.durable), len(inode.data))]
