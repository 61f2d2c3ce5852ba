"""Processes of their own, forked from one that has imported the libraries.

A start of Python that imports them takes two seconds of a processor each time, and the tests start
some two hundred. Nothing else is shared: the environment is the given one. That the command itself
starts from nothing is tried in tests/cli.
"""

import asyncio
import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "langchain_openai",
        "tests.backups.dying",
        "tests.faults.commanding",
        "tests.faults.dying",
        "tests.faults.program",
    ]
)


def run_bot(home: Path, environment: Mapping[str, str], module: str = "bot.cli") -> None:
    """Be the command `run` in this process; the module has its `main`."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(home)
    sys.argv = ["threadline", "run"]
    importlib.import_module(module).main()


@dataclass(frozen=True)
class Forked:
    """A process that was begun."""

    child: ForkServerProcess

    @property
    def pid(self) -> int:
        assert self.child.pid is not None
        return self.child.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, or less than 0 for the signal that killed it, or None while it runs."""
        return self.child.exitcode

    def send(self, how: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, how)

    def wait(self, seconds: float | None = None) -> int:
        """Wait for its end, not longer than so many seconds."""
        self.child.join(seconds)
        assert self.child.exitcode is not None, "it goes on"
        return self.child.exitcode

    async def ended(self) -> int:
        """Wait for its end beside an event loop."""
        return await asyncio.to_thread(self.wait)


def fork(target: Callable[..., None], *arguments: object) -> Forked:
    """Begin a process that calls this function."""
    child = PROCESSES.Process(target=target, args=arguments)
    child.start()
    return Forked(child)
