"""One session as one row of sessions.csv, and back.

A row is one line of eight cells. Times are ISO 8601 in UTC, JSON is compact and stays on the
line. A text that begins with ``= + - @``, a tab or a return would be a formula to a spreadsheet,
so it is written with an apostrophe before it; a text that begins with an apostrophe followed by
one of these, or by another apostrophe, gets one more. Reading takes one away again.
"""

import csv
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sessions.models import JsonObject, PendingApproval, Session
from sessions.store import SessionInvalid

COLUMNS = (
    "session_id",
    "user_id",
    "platform",
    "thread_id",
    "created_at",
    "last_activity",
    "pending_approval",
    "metadata",
)
HEADER = ",".join(COLUMNS)
METADATA_BYTES = 4096
SUMMARY_CHARACTERS = 200
#: The csv module reads no longer cell than this, so no longer row is written.
ROW_CHARACTERS = 131_072

FORMULA = "=+-@\t\r"
_ESCAPED = FORMULA + "'"
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
#: Four texts that need neither quotes nor an apostrophe: nearly all.
_PLAIN_HEAD = re.compile(r"(?:[A-Za-z0-9_.:][A-Za-z0-9_.:@/+= -]*(?:,(?!$)|$)){4}").fullmatch
_PLAIN_IDS = re.compile(
    r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]*(?:,[A-Za-z0-9_.:][A-Za-z0-9_.:-]*)*"
).fullmatch
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_to_ascii_json = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def line_of(session: Session) -> str:
    """Write a session as its row, without the line break.

    Raises:
        SessionInvalid: it breaks a rule of the file.
    """
    head = f"{session.session_id},{session.user_id},{session.platform},{session.thread_id}"
    if _PLAIN_HEAD(head) is None:
        head = ",".join(text_cell(name, getattr(session, name)) for name in COLUMNS[:4])
    pending = "[]" if not session.pending_approval else _pending_cell(session.pending_approval)
    metadata = "{}" if not session.metadata else _metadata_cell(session.metadata)
    created = _time_cell("created_at", session.created_at)
    active = _time_cell("last_activity", session.last_activity)
    line = f"{head},{created},{active},{pending},{metadata}"
    if len(line) > ROW_CHARACTERS:
        raise SessionInvalid(
            f"The row of session {session.session_id} would have {len(line):,} characters; "
            f"the most is {ROW_CHARACTERS:,}."
        )
    return line


def changed_line(line: str, before: Session, after: Session) -> str:
    """Write a session as its row, given its row before: quickly if only the time is another.

    Raises:
        SessionInvalid: it breaks a rule of the file.
    """
    if (
        before.thread_id == after.thread_id
        and before.user_id == after.user_id
        and before.platform == after.platform
        and before.created_at is after.created_at
        and before.pending_approval is after.pending_approval
        and before.metadata is after.metadata
    ):
        cells = line.split(",", 6)
        quote = line.find('"')
        if quote < 0 or quote >= len(line) - len(cells[6]):
            cells[5] = _time_cell("last_activity", after.last_activity)
            return ",".join(cells)
    return line_of(after)


def session_of(line: str) -> Session:
    """Read a row that `line_of` wrote."""
    cells = next(csv.reader((line,))) if '"' in line else line.split(",")
    session_id, user_id, platform, thread_id, created, active, pending, metadata = cells
    if "'" in line:
        session_id, user_id, platform, thread_id = map(
            unescaped, (session_id, user_id, platform, thread_id)
        )
    return Session(
        session_id,
        user_id,
        platform,
        thread_id,
        datetime.fromisoformat(created),
        datetime.fromisoformat(active),
        () if pending == "[]" else approvals_of(pending),
        {} if metadata == "{}" else json.loads(metadata),
    )


def quoted(text: str) -> str:
    """Write a text as a cell in quotes."""
    return '"' + text.replace('"', '""') + '"'


def escaped(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    if text[:1] in FORMULA and text:
        return "'" + text
    if text[:1] == "'" and text[1:2] in _ESCAPED and text[1:]:
        return "'" + text
    return text


def unescaped(text: str) -> str:
    """Take away the apostrophe that `escaped` put there."""
    return text[1:] if text[:1] == "'" and text[1:2] in _ESCAPED and text[1:] else text


def summary(text: str) -> str:
    """Bring a text on one line of at most 200 characters."""
    line = " ".join(text.split())
    return line if len(line) <= SUMMARY_CHARACTERS else line[: SUMMARY_CHARACTERS - 1] + "…"


def time_of(text: str) -> datetime:
    """Read an ISO 8601 time; one without a zone is UTC.

    Raises:
        ValueError: it is not a time.
    """
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def approvals_of(text: str) -> tuple[PendingApproval, ...]:
    """Read the cell of the open approvals.

    Raises:
        ValueError: it is not what the cell should be; the message says what.
    """
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("is not a JSON list")  # noqa: TRY004 - a cell's content, not a type
    return tuple(_approval_of(one) for one in found)


def _approval_of(fields: Any) -> PendingApproval:
    if not isinstance(fields, dict):
        raise ValueError("is not a list of JSON objects")  # noqa: TRY004 - as above
    try:
        actions = fields["actions"]
        if not isinstance(actions, list):
            raise ValueError("has an approval whose actions are not a list")  # noqa: TRY004 - of a file
        return PendingApproval(
            id=str(fields["id"]),
            actions=tuple(summary(str(action)) for action in actions),
            hash=str(fields["hash"]),
            decider=str(fields["decider"]),
            asked_at=time_of(str(fields["asked_at"])),
            expires_at=time_of(str(fields["expires_at"])),
        )
    except KeyError as missing:
        raise ValueError(f"has an approval without {missing}") from None


def text_cell(name: str, text: str) -> str:
    """Write a text as a cell, in quotes if it needs them.

    Raises:
        SessionInvalid: it is empty or would not stay on one line.
    """
    if not text:
        raise SessionInvalid(f"{name} is empty.")
    if _FORBIDDEN.search(text):
        raise SessionInvalid(f"{name} {text!r} has a control character or is not Unicode.")
    text = escaped(text)
    return quoted(text) if "," in text or '"' in text else text


def id_cells(session_ids: Sequence[str]) -> str:
    """Write ids as a row of their own."""
    row = ",".join(session_ids)
    if _PLAIN_IDS(row) is not None and row.count(",") == len(session_ids) - 1:
        return row
    return ",".join(text_cell("session_id", session_id) for session_id in session_ids)


def _time_cell(name: str, time: datetime) -> str:
    if time.tzinfo is not UTC:
        if time.tzinfo is None:
            raise SessionInvalid(f"{name} {time} has no time zone.")
        time = time.astimezone(UTC)
    return time.isoformat()


def _pending_cell(approvals: Sequence[PendingApproval]) -> str:
    for approval in approvals:
        for action in approval.actions:
            if len(action) > SUMMARY_CHARACTERS or "\n" in action or "\r" in action:
                raise SessionInvalid(
                    f"An action of approval {approval.id} is not one line of at most "
                    f"{SUMMARY_CHARACTERS} characters."
                )
    return quoted(
        _json(
            [
                {
                    "id": approval.id,
                    "actions": list(approval.actions),
                    "hash": approval.hash,
                    "decider": approval.decider,
                    "asked_at": _time_cell("asked_at", approval.asked_at),
                    "expires_at": _time_cell("expires_at", approval.expires_at),
                }
                for approval in approvals
            ]
        )
    )


def _metadata_cell(metadata: JsonObject) -> str:
    try:
        text = _json(dict(metadata))
    except (TypeError, ValueError, RecursionError) as error:
        raise SessionInvalid(f"The metadata is not JSON: {error}.") from None
    size = len(text.encode())
    if size > METADATA_BYTES:
        raise SessionInvalid(f"The metadata has {size:,} bytes; the most is {METADATA_BYTES:,}.")
    return quoted(text)


def _json(value: Any) -> str:
    text = _to_json(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # half a surrogate pair: JSON can say it, UTF-8 cannot
            return _to_ascii_json(value)
    return text
