"""Tables on a terminal: whatever does not fit is wrapped, and never cut off."""

import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.architecture.sources import ROOT

ROW = ("fad9057b-202d-4009-8722-cda79c498650", "telegram_1234567890", "2026-11-21 13:00:51",
       "send_message(text=hello)", "the-last-column")  # fmt: skip
PROGRAM = f"from bot.cli.screen import show_table; show_table(tuple('abcde'), [{ROW!r}])"


def shown_on(terminal: int) -> str:
    """Read what stands on a terminal whose program has ended."""
    shown = b""
    with suppress(OSError):  # so a terminal ends
        while more := os.read(terminal, 65536):
            shown += more
    os.close(terminal)
    return shown.decode()


def test_on_80_columns_every_word_is_still_there() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "dumb"}
    command = [sys.executable, "-c", PROGRAM]
    subprocess.run(command, cwd=ROOT, env=environment, stdout=theirs, check=True)
    os.close(theirs)
    shown = shown_on(ours)
    for word in " ".join(ROW).split():
        assert word in shown


PROGRESS = """
import asyncio
from bot.cli.long import ask_and_wait
class Slow:
    async def ask(self, method, path, **more):
        if path.endswith("under-way"):
            return {"under_way": {"what": "export", "done": 1, "of": 4}}
        await asyncio.sleep(0.7)
        return "done"
print(asyncio.run(ask_and_wait(Slow(), "POST", "/api/data/export")))
"""


@pytest.mark.parametrize("on_a_terminal", [True, False])
def test_how_far_it_is_stands_on_a_terminal_and_in_no_pipe(on_a_terminal: bool) -> None:
    ours, theirs = pty.openpty()
    shown_in = theirs if on_a_terminal else subprocess.PIPE
    command = [sys.executable, "-c", PROGRESS]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=shown_in, check=True)
    os.close(theirs)
    shown = shown_on(ours)
    assert done.stdout == b"done\n"
    assert ("export 25 %" in shown) is on_a_terminal
    assert not done.stderr
