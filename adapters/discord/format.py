"""Markdown as a model writes it, in messages as Discord shows it."""

import re
from collections.abc import Sequence

from adapters.text import FENCE, split, utf16_length

LONGEST = 2000
"""Characters of a message; code points or UTF-16 units, so the larger count is used."""

AGAIN = "(This may come twice.)"

ROW = re.compile(r"^\s*\|.*\|\s*$|^[^|\n]+(?<!\\)\|.+$")
RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
CELLS = re.compile(r"(?<!\\)\|")
DEEP_HEADING = re.compile(r"^#{4,6}\s+(.*?)\s*#*$")
PICTURE = re.compile(r"!\[([^\]\n]{0,300})\]\(([^)\s]{1,2000})[^)\n]{0,300}\)")
MARKS = re.compile(r"\*\*|__|`")


def messages_of(text: str, *, again: bool = False) -> list[str]:
    """Give the messages of a text, each whole Markdown of at most 2,000 characters.

    With `again` each has room for a line that says that it may come twice.
    """
    room = LONGEST - len(AGAIN) - 1 if again else LONGEST
    return split(as_discord_shows(text), room, utf16_length)


def as_discord_shows(text: str) -> str:
    """Turn what Discord has no form for into what it has: tables into blocks of code."""
    lines = text.split("\n")
    shown: list[str] = []
    fence = ""
    at = 0
    while at < len(lines):
        line = lines[at]
        match = FENCE.match(line)
        if fence:
            if match and match["marks"].startswith(fence) and not match["info"].strip():
                fence = ""
        elif match:
            fence = match["marks"]
        elif end := _table_end(lines, at):
            shown += _table(lines[at:end])
            at = end
            continue
        else:
            line = PICTURE.sub(_link, DEEP_HEADING.sub(r"**\1**", line))
        shown.append(line)
        at += 1
    return "\n".join(shown)


def _link(picture: re.Match[str]) -> str:
    return f"[{picture[1] or 'picture'}]({picture[2]})"


def _table_end(lines: Sequence[str], at: int) -> int:
    """Give the line after a table that begins here; 0 if none begins."""
    if at + 1 >= len(lines) or not ROW.match(lines[at]) or not RULE.match(lines[at + 1]):
        return 0
    if len(_cells(lines[at])) != len(_cells(lines[at + 1])):
        return 0
    end = at + 2
    while end < len(lines) and lines[end].strip() and "|" in lines[end]:
        end += 1
    return end


def _table(lines: Sequence[str]) -> list[str]:
    """Give a table as a block of code whose columns stand below each other."""
    rows = [[MARKS.sub("", cell) for cell in _cells(line)] for line in (lines[0], *lines[2:])]
    columns = len(rows[0])
    rows = [[*row, *[""] * columns][:columns] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(columns)]
    drawn = [
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    rule = "-|-".join("-" * width for width in widths)
    return ["```", drawn[0], rule, *drawn[1:], "```"]


def _cells(line: str) -> list[str]:
    line = line.strip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.strip().replace("\\|", "|") for cell in CELLS.split(line)]
