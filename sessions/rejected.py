"""sessions.csv.rejected: rows that could not be served, for a person to correct."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sessions.csv_file import RejectedRow
from sessions.disk import Disk
from sessions.rows import escaped, unescaped

_HEADER = ("rejected_at", "reason", "row")


def keep_rejected(disk: Disk, path: Path, rows: Sequence[RejectedRow], at: datetime) -> int:
    """Add rows to the file, durably, unless they are there; return how many it holds now.

    The same file may be read many times before it is written anew, so a row is known by its
    reason and its text.
    """
    known, size, is_whole = _read(disk, path)
    new = list(dict.fromkeys((row.reason, row.text) for row in rows))
    new = [row for row in new if row not in known]
    if new:
        text = io.StringIO()
        write = csv.writer(text, lineterminator="\n").writerow
        if not size:
            write(_HEADER)
        elif not is_whole:
            text.write("\n")
        for reason, row in new:
            write((at.isoformat(), reason, escaped(row)))
        file = disk.append(path)
        try:
            file.write(text.getvalue().encode("utf-8", "surrogateescape"))
            file.sync()
        finally:
            file.close()
        disk.sync_directory(path.parent)
    return len(known) + len(new)


def _read(disk: Disk, path: Path) -> tuple[set[tuple[str, str]], int, bool]:
    try:
        with disk.open(path) as file:
            data = file.read()
    except FileNotFoundError:
        return set(), 0, True
    text = data.decode("utf-8", "surrogateescape")
    known = set()
    limit = csv.field_size_limit(max(len(text), csv.field_size_limit()))
    try:
        for cells in csv.reader(io.StringIO(text, newline="")):
            if len(cells) == len(_HEADER) and tuple(cells) != _HEADER:
                known.add((cells[1], unescaped(cells[2])))
    finally:
        csv.field_size_limit(limit)
    return known, len(data), text.endswith("\n")
