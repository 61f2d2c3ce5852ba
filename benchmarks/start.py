"""How long a warm start takes, beside importing the same libraries alone."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 7
AIM = 1.5

LIST_LIBRARIES = """
import sys
import bot.cli.program, bot.app
ours = ("bot", "adapters", "sessions", "config")
for name in list(sys.modules):
    if name.partition(".")[0] not in (*ours, "__main__"):
        print(name)
"""

IMPORT_THEM = """
import importlib, sys
for name in sys.argv[1].split(","):
    try:
        importlib.import_module(name)
    except ImportError:  # a name that a library only lent to itself
        pass
"""


def libraries() -> str:
    """Name every module that the bot imports and that is not ours, in order."""
    listed = subprocess.run(
        [sys.executable, "-c", LIST_LIBRARIES], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return ",".join(listed.stdout.split())


def importing(names: str) -> float:
    """Import them in a process of their own; seconds from its start to its end."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORT_THEM, names], cwd=ROOT, check=True)
    return time.perf_counter() - begin


def starting(home: Path) -> float:
    """Start the bot; seconds until it says that it is ready."""
    begin = time.perf_counter()
    bot = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=ROOT,
        env={**os.environ, "THREADLINE_HOME": str(home), "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        if bot.stdout is None or "is ready" not in bot.stdout.readline():
            raise SystemExit("The bot did not start.")
        return time.perf_counter() - begin
    finally:
        bot.send_signal(signal.SIGTERM)
        bot.communicate()


def main() -> None:
    """Measure both in turns, and print the medians and their ratio."""
    names = libraries()
    with tempfile.TemporaryDirectory() as home:
        starting(Path(home))  # the first one makes the files
        rounds = [(importing(names), starting(Path(home))) for _ in range(ROUNDS)]
    imports, starts = (statistics.median(each) for each in zip(*rounds, strict=True))
    print(f"importing {names.count(',') + 1} modules   {imports:6.2f} s")
    print(f"from nothing to ready    {starts:6.2f} s")
    ratio = starts / imports
    print(f"ratio {ratio:.2f}; aim: at most {AIM}: {'met' if ratio <= AIM else 'missed'}")


if __name__ == "__main__":
    main()
