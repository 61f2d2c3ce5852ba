"""The program with the model and the fail point of a test.

It is `python -m bot run`, but the offline model is the clerk, and it dies where DIE_AT says.
"""

import os
import sys
from pathlib import Path

import bot.agent.models
import bot.app  # the fork server imports it once for all
from bot import cli
from tests.agent.clerk import Clerk
from tests.faults import points

WORDS = "pay,jot,peek"
assert bot.app


def run_in(home: Path, environment: dict[str, str]) -> None:
    """Run the bot in this process, which was forked for it."""
    os.environ.update(environment, THREADLINE_HOME=str(home))
    os.chdir(home)
    out = os.open("out.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.argv = ["threadline", "run"]
    main()


def main() -> None:
    """Run the command line."""
    vars(bot.agent.models)["OfflineModel"] = Clerk
    points.arm()
    cli.main()
