"""Tables on a terminal: whatever does not fit is wrapped, and never cut off."""

import os
import pty
import subprocess
import sys
from contextlib import suppress

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
