"""`python -m tests.faults.many_kills FILE [--kills N]`: kill a busy bot until there were 1,000.

It goes on where the last run ended: FILE keeps the figures, which add up over runs.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import bot.agent.models
from tests.agent.clerk import Clerk
from tests.faults.killing import kill_at_random

WANTED = 1000
AT_ONCE = 20
"""Kills in one home, before everything is checked and a new one begins."""


async def kill_on(file: Path, most: int, people: int) -> Counter[str]:
    """Kill so often, write the figures down after each home, and give them all."""
    figures = await asyncio.to_thread(_read, file)
    until = min(WANTED, figures["kills"] + most)
    while figures["kills"] < until:
        kills = min(AT_ONCE, until - figures["kills"])
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as home:
            os.environ["EFFECTS"] = str(Path(home) / "effects")
            figures += await kill_at_random(Path(home), kills, people, seed=figures["kills"])
        figures["seconds"] += round(time.monotonic() - begun)
        await asyncio.to_thread(file.write_text, json.dumps(figures, indent=2) + "\n")
        _say(", ".join(f"{name}: {many:,}" for name, many in figures.items()))
    return figures


def _read(file: Path) -> Counter[str]:
    return Counter(json.loads(file.read_text()) if file.exists() else {})


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Run until the count is reached, or so many kills were made now."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--kills", type=int, default=WANTED)
    parser.add_argument("--people", type=int, default=24)
    options = parser.parse_args()
    vars(bot.agent.models)["OfflineModel"] = Clerk
    figures = asyncio.run(kill_on(options.file, options.kills, options.people))
    _say(f"{figures['kills']:,} of {WANTED:,} kills. Nothing was lost, nothing ran twice.")


if __name__ == "__main__":
    main()
