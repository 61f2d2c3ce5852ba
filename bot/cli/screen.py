"""How the command line shows things: tables, times, questions, and what is wrong."""

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import typer


def show_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; where no terminal reads it, in columns separated by tabs."""
    shown = list(rows)
    if not sys.stdout.isatty():
        for row in shown:
            print("\t".join(row))
        return
    if not shown:
        print("None.")
        return
    from rich.box import SIMPLE  # noqa: PLC0415 - rich is slow to import, and a pipe needs none
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(box=SIMPLE, header_style="bold")
    ids = max(len(row[0]) for row in shown)  # they are copied, so they are never cut
    for title in titles:
        first = title == titles[0]
        table.add_column(title, overflow="fold", min_width=ids if first else None)
    for row in shown:
        table.add_row(*map(Text, row))
    Console().print(table)


def show_json(value: Any) -> None:
    """Print JSON for programs."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def show_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print names and values below each other."""
    print(facts_of(facts))


def facts_of(facts: Iterable[tuple[str, str]]) -> str:
    """Put names and values below each other."""
    shown = list(facts)
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in shown)


def tell(text: str) -> None:
    """Print what nothing depends on: who reads may have left, or the disk behind it be full."""
    with suppress(OSError, ValueError):
        print(text, flush=True)


def complain(sentence: object) -> None:
    """Say on stderr what is wrong."""
    print(sentence, file=sys.stderr)


def agreed(question: str, *, yes: bool) -> bool:
    """Ask, unless the person said yes beforehand; who cannot answer does not agree."""
    if yes:
        return True
    if not sys.stdin.isatty():
        complain("Say --yes to do this without being asked.")
        return False
    return typer.confirm(question)


def local_time(text: str | None) -> str:
    """Show a time of the bot in the time zone of this machine."""
    if not text:
        return ""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"
