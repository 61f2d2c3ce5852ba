"""The command line: `threadline`, or `python -m bot`."""

from bot.cli.program import main

__all__ = ["main"]
