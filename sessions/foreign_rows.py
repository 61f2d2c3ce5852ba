"""Rows as a person or a spreadsheet left them: other order, other quotes, other separator."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sessions.models import PendingApproval, Session
from sessions.rows import COLUMNS, HEADER, approvals_of, time_of, unescaped
from sessions.store import StoreUnreadable

_SEPARATORS = ",;\t"


class RowRejected(Exception):
    """A row cannot be a session; the message says why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a file stand, and what separates them."""

    separator: str
    columns: tuple[str, ...]
    is_ours: bool

    def session(self, text: str) -> Session | None:
        """Read a row; None if it is blank.

        Raises:
            RowRejected: it is not a session.
        """
        try:
            cells = next(csv.reader(text.splitlines(keepends=True), delimiter=self.separator), [])
        except csv.Error as error:
            raise RowRejected(f"it is no CSV row: {error}") from None
        if not any(cell.strip() for cell in cells):
            return None
        if len(cells) < len(self.columns):
            raise RowRejected(f"it has {len(cells)} cells instead of {len(self.columns)}")
        if any(cell.strip() for cell in cells[len(self.columns) :]):
            raise RowRejected(f"it has {len(cells)} cells instead of {len(self.columns)}")
        return _session(dict(zip(self.columns, cells, strict=False)))


#: A first line with more than this is no header.
_LONGEST_HEADER = 1000


def layout_of(header: str, file: str) -> Layout:
    """Read the header.

    Raises:
        StoreUnreadable: it is not ours.
    """
    # A return within it: the whole file is one line to us, and would upset the csv module.
    first = "" if "\r" in header else header[:_LONGEST_HEADER]
    for separator in _SEPARATORS:
        names = next(csv.reader([first], delimiter=separator), [])
        columns = [name.strip() for name in names]
        while columns and not columns[-1]:
            columns.pop()
        if sorted(columns) == sorted(COLUMNS):
            return Layout(separator, tuple(columns), header == HEADER)
    raise StoreUnreadable(
        f"{file} is not a file of sessions: it begins with {header[:80]!r} and not with "
        f"{HEADER!r}. It was not touched; move it away or correct its first line."
    )


def _session(cells: Mapping[str, str]) -> Session:
    for name, cell in cells.items():
        if any("\ud800" <= character <= "\udfff" for character in cell):
            raise RowRejected(f"{name} is not UTF-8")
    texts = [unescaped(cells[name].strip(" ")) for name in COLUMNS[:4]]
    for name, text in zip(COLUMNS, texts, strict=False):
        if not text:
            raise RowRejected(f"{name} is empty")
    session_id, user_id, platform, thread_id = texts
    return Session(
        session_id,
        user_id,
        platform,
        thread_id,
        created_at=_time("created_at", cells["created_at"]),
        last_activity=_time("last_activity", cells["last_activity"]),
        pending_approval=_pending(cells["pending_approval"]),
        metadata=_metadata(cells["metadata"]),
    )


def _time(name: str, cell: str) -> datetime:
    try:
        return time_of(cell.strip())
    except (ValueError, OverflowError):
        raise RowRejected(f"{name} {cell[:40]!r} is not a time") from None


def _pending(cell: str) -> tuple[PendingApproval, ...]:
    try:
        return approvals_of(cell.strip() or "[]")
    except (ValueError, RecursionError) as error:
        raise RowRejected(f"pending_approval {_said(error)}") from None


def _metadata(cell: str) -> dict[str, Any]:
    try:
        metadata = json.loads(cell.strip() or "{}")
    except (ValueError, RecursionError) as error:
        raise RowRejected(f"metadata {_said(error)}") from None
    if not isinstance(metadata, dict):
        raise RowRejected("metadata is not a JSON object")
    return metadata


def _said(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON ({error})"
    return "is nested too deeply" if isinstance(error, RecursionError) else str(error)
