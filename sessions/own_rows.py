"""The quick way in for rows that stand as we write them. This is most of what loading costs."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sessions.live_sessions import KeyText, LiveSessions, key_text
from sessions.rows import FORMULA

_SUSPICIOUS = frozenset(FORMULA + "'\"")
#: So much of a time, as we write it, is the same within one span of the timeline.
_TEN_SECONDS = len("2026-11-21T12:00:0")
_METADATA = ('[],"{', '}"')
#: Metadata that is longer is looked at the slow way, which counts its bytes.
_SHORT = 1_000
_scan_json: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # json's own entry


def take_own_rows(
    live: LiveSessions,
    lines: Sequence[str],
    otherwise: Callable[[int, str], None],
    *,
    are_plain: bool,
) -> None:
    """Take up the lines that are rows as we write them; call `otherwise` with each other line.

    That gets the number of the line here, and also those whose id or key is there already.
    `are_plain` says that no line holds anything but printable ASCII.
    """
    by_id, owners, at = live.by_id, live.owners, live.timeline.at
    parsed = datetime.fromisoformat
    spans: dict[str, set[str]] = {}
    for number, line in enumerate(lines):
        try:
            session_id, user_id, platform, thread_id, created, active, rest = line.split(",", 6)
            if (
                session_id[0] in _SUSPICIOUS
                or user_id[0] in _SUSPICIOUS
                or platform[0] in _SUSPICIOUS
                or thread_id[0] in _SUSPICIOUS
                or not created.endswith("+00:00")
                or not active.endswith("+00:00")
                or created[10] != "T"
                or active[10] != "T"
                or not (are_plain or line.isprintable())
            ):
                otherwise(number, line)
                continue
            parsed(created)
            last_activity = parsed(active)
        except (ValueError, IndexError):
            otherwise(number, line)
            continue
        key: KeyText | None = f"{platform}\n{user_id}"
        if rest != "[],{}":
            key = _key(platform, user_id, rest)
        if key is None or key in owners or session_id in by_id:
            otherwise(number, line)
            continue
        by_id[session_id] = line
        owners[key] = session_id
        ten_seconds = active[:_TEN_SECONDS]
        ids = spans.get(ten_seconds)
        if ids is None:
            ids = spans[ten_seconds] = at(last_activity)
        ids.add(session_id)


def _key(platform: str, user_id: str, rest: str) -> KeyText | None:
    """Return the key of a row without approvals; None if its metadata needs a closer look."""
    if not (rest.startswith(_METADATA[0]) and rest.endswith(_METADATA[1])) or len(rest) > _SHORT:
        return None
    cell = rest[4:-1].replace('""', "\x00")
    if '"' in cell:
        return None
    cell = cell.replace("\x00", '"')
    if '": ' in cell or ', "' in cell:  # perhaps not compact
        return None
    try:
        metadata, end = _scan_json(cell, 0)
    except (StopIteration, ValueError):
        return None
    if end != len(cell):
        return None
    return key_text(
        platform, user_id, str(metadata.get("chat_id", "")), str(metadata.get("topic_id", ""))
    )
