"""The program as a person uses it: in this process, or as a child that runs the bot."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import main
from config.loading import fields
from tests.forked import Forked, fork, run_bot

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit status."""

    out: str
    err: str
    status: int

    @property
    def first_cell(self) -> str:
        """The first cell of the first row of a table."""
        return self.out.split("\t", 1)[0].strip()


Threadline = Callable[..., Said]


def clean_environment(home: Path) -> dict[str, str]:
    """Return this environment without any setting of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if name not in fields()}
    return {**kept, "THREADLINE_HOME": str(home), "PYTHONPATH": str(ROOT)}


def write_env(home: Path, **settings: object) -> None:
    lines = [f"{name}={value}" for name, value in {"PORT": 0, **settings}.items()]
    (home / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")


def in_process(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Threadline:
    """Give a function that runs a command here: quicker than a child."""
    for name in fields():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("THREADLINE_HOME", str(home))
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments: str, typed: str = "") -> Said:
        lines = iter(typed.splitlines())

        def next_line(_prompt: str = "") -> str:
            line = next(lines, None)
            if line is None:
                raise EOFError
            return line

        monkeypatch.setattr("builtins.input", next_line)
        monkeypatch.setattr(sys, "argv", ["threadline", *arguments])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        said = capsys.readouterr()
        return Said(said.out, said.err, status)

    return run


def as_child(home: Path, *arguments: str) -> Said:
    """Run a command as a child, to its end."""
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "bot", *arguments],
        env=clean_environment(home),
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return Said(ended.stdout, ended.stderr, ended.returncode)


def run_in(home: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    """Run the bot in this process, which was forked for it."""
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    run_bot(home, environment)


@dataclass(frozen=True)
class RunningBot:
    """A bot that runs as a child."""

    process: Forked
    out: Path
    err: Path

    def stop(self) -> int:
        self.process.send(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running_bot(home: Path) -> Iterator[RunningBot]:
    """Run the bot, ready when the ``with`` begins, ended when it ends."""
    out, err = home / "out.txt", home / "err.txt"
    for path in (out, err):
        path.write_text("")
    bot = RunningBot(fork(run_in, home, clean_environment(home), out, err), out, err)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while "is ready" not in out.read_text():
            assert bot.process.returncode is None, err.read_text()
            assert time.monotonic() < until, err.read_text()
            time.sleep(0.05)
        yield bot
    finally:
        if bot.process.returncode is None:
            bot.stop()
