"""The real bot as a process of its own, that a test starts, stops and kills."""

import asyncio
import os
import resource
import signal
import socket
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from tests.forked import PROCESSES, Forked, fork, run_bot


def run_in(home: Path, module: str, environment: Mapping[str, str], said: Connection) -> None:
    """Run the bot in this process, which was forked for it; `said` is its terminal."""
    os.dup2(said.fileno(), 1)
    os.dup2(said.fileno(), 2)
    said.close()
    run_bot(home, environment, module)


@dataclass
class Process:
    """`python -m bot run` in a directory of its own, or another module with a `main`."""

    home: Path
    port: int
    module: str = "bot.cli"
    settings: Mapping[str, str] = field(default_factory=dict)
    running: Forked | None = None
    said: deque[str] = field(default_factory=lambda: deque(maxlen=200))
    _listening: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it takes what people say."""
        env = {
            **os.environ,
            "THREADLINE_HOME": str(self.home),
            "PORT": str(self.port),
            "SESSION_TTL_MINUTES": "600",
            "MESSAGES_PER_MINUTE": "0",
            **self.settings,
        }
        # A pipe, for a file would be on the disk that a test fills.
        said, to_say = PROCESSES.Pipe(duplex=False)
        self.running = await asyncio.to_thread(fork, run_in, self.home, self.module, env, to_say)
        to_say.close()
        reader = asyncio.StreamReader()
        pipe = os.fdopen(os.dup(said.fileno()), "rb")
        said.close()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        while line := await reader.readline():
            self.said.append(line.decode())
            # /ready answers as soon as it listens; then it goes on with what was unfinished.
            if line.startswith(b"  Data  "):
                self._listening = asyncio.create_task(self._listen(reader))
                return
        await self.running.ended()
        raise AssertionError("".join(self.said))

    async def _listen(self, said: asyncio.StreamReader) -> None:
        while line := await said.readline():
            self.said.append(line.decode())

    async def end(self, how: signal.Signals) -> int:
        """Send it a signal and wait for its end."""
        assert self.running is not None
        self.running.send(how)
        return await self.running.ended()

    def fill_the_disk(self) -> None:
        """Let every write of the process fail as on a full disk."""
        self._allow(0)

    def free_the_disk(self) -> None:
        """Let it write again."""
        self._allow(resource.RLIM_INFINITY)

    def _allow(self, size: int) -> None:
        assert self.running is not None
        limits = (size, resource.RLIM_INFINITY)
        resource.prlimit(self.running.pid, resource.RLIMIT_FSIZE, limits)


@asynccontextmanager
async def process(
    home: Path, module: str = "bot.cli", **settings: str
) -> AsyncIterator[tuple[Process, httpx.AsyncClient]]:
    """Run a bot, ready when the ``with`` begins, and stop it at its end."""
    bot = Process(home, free_port(), module, settings)
    try:
        await bot.start()
        async with httpx.AsyncClient(base_url=bot.url, timeout=40) as client:
            yield bot, client
    finally:
        if bot.running is not None and bot.running.returncode is None:
            status = await bot.end(signal.SIGTERM)
            assert status == 0, "".join(bot.said)


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
