"""How the command line shows things: tables, times, questions, and what is wrong."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import typer

LONGEST_WORD = 30
"""Characters of a word that a table does not break, except in its first column."""


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
    from rich.cells import cell_len  # noqa: PLC0415 - as above
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console()
    borders = 3 * len(titles) + 1
    widths = _widths([titles, *shown], console.width - borders, cell_len)
    table = Table(box=SIMPLE, header_style="bold")
    for title, width in zip(titles, widths, strict=True):
        table.add_column(title, overflow="fold", width=width)
    for row in shown:
        table.add_row(*map(Text, row))
    # Rich would cut off what does not fit; a terminal wraps it, and nothing is lost.
    wide = max(console.width, sum(widths) + borders)
    Console(width=wide, height=console.height).print(table)  # a dumb terminal asks for both


def _widths(
    rows: Sequence[Sequence[str]], room: int, measure: Callable[[str], int]
) -> Sequence[int]:
    """Give each column its width: the widest are folded first, and words only if they are long."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(measure, cells)) for cells in columns]
    for number in sorted(range(len(columns)), key=lambda each: -widths[each]):
        longest = max(measure(word) for word in " ".join(columns[number]).split())
        # An id in the first column is copied, so it is never cut.
        least = longest if number == 0 else min(longest, LONGEST_WORD)
        widths[number] = max(least, widths[number] - max(0, sum(widths) - room))
    return widths


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
