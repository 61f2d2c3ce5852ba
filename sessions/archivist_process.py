"""The child that packs and unpacks backups, as its parent speaks with it: blocking, on a thread."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from sessions.archive import ArchiveError
from sessions.archivist import Making, Opening
from sessions.manifest import Manifest, read_manifest

TASKS = {Making: "make", Opening: "open"}

Progress = Callable[[int, int], None]
"""Told how many bytes are done, of how many; on the thread that waits."""


class BackupFailed(ArchiveError):
    """It could not be made or read, for a reason that is not in the archive."""


class Archivist:
    """One task of the child. `stop` may be called on any thread, the others on one."""

    def __init__(self, task: Making | Opening, progress: Progress) -> None:
        self._task = task
        self._progress = progress
        self._child: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the child and give it its task."""
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "sessions.archivist", TASKS[type(self._task)]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C is for the bot, which ends this when it stops
        )
        self.tell(json.dumps(asdict(self._task)))

    def stop(self) -> None:
        """End it at once, if it has begun and not ended."""
        if self._child is not None:
            self._child.kill()

    def close(self) -> None:
        """End it and wait until it is gone."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(BrokenPipeError):  # what it was told last it did not live to read
                assert pipe is not None  # noqa: S101 - both were asked for
                pipe.close()

    def tell(self, line: str) -> None:
        """Say that it may go on.

        Raises:
            BackupFailed: it has ended.
        """
        pipe = self._running.stdin
        assert pipe is not None  # noqa: S101 - it was asked for
        try:
            pipe.write(f"{line}\n")
            pipe.flush()
        except BrokenPipeError:
            raise BackupFailed("The process that packs backups has ended.") from None

    def wait_for(self, word: str) -> str:
        """Wait until it says this, and give what belongs to it.

        Raises:
            ArchiveError: with its sentence about what went wrong.
        """
        pipe = self._running.stdout
        assert pipe is not None  # noqa: S101 - it was asked for
        for line in pipe:
            said, _, more = line.rstrip("\n").partition(" ")
            if said == word:
                return more
            if said == "progress":
                done, _, of = more.partition(" ")
                self._progress(int(done), int(of))
            if said == "refused":
                raise ArchiveError(more)
            if said == "failed":
                raise BackupFailed(more)
        raise BackupFailed("The process that packs backups has ended; its words are in the log.")

    def result(self) -> Manifest:
        """Wait until it is done, and give the manifest of the archive."""
        return read_manifest(self.wait_for("result").encode())

    @property
    def _running(self) -> "subprocess.Popen[str]":
        assert self._child is not None  # noqa: S101 - start() comes first
        return self._child
