"""What a person changed in a copy of sessions.csv, and making it so: `sessions apply FILE`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from sessions.csv_file import ReadFile, RejectedRow, read_sessions
from sessions.disk import RealDisk
from sessions.models import Session
from sessions.rows import line_of, session_of
from sessions.store import NoSuchSession, SessionStore, StoreUnreadable


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that differs: as it is live, and as the person wants it."""

    live: Session
    wanted: Session

    @property
    def text(self) -> str:
        """Say it in one line."""
        cells = [
            f"{field.name}: {_shown(old)} → {_shown(new)}"
            for field in fields(Session)
            if (old := getattr(self.live, field.name)) != (new := getattr(self.wanted, field.name))
        ]
        return f"change {self.live.session_id} ({self.live.user_id}): {'; '.join(cells)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What has to happen so that the live sessions are as the file wants them.

    `edited_at` is when the file was written: what happened to the live sessions since then is
    not taken for an edit. `rejected` are rows of the file that are no sessions.
    """

    file: Path
    edited_at: datetime
    added: tuple[Session, ...] = ()
    changed: tuple[ChangedRow, ...] = ()
    removed: tuple[Session, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def lines(self) -> tuple[str, ...]:
        """Say it for a person, one line each."""
        return (
            *(f"add {one.session_id} ({one.user_id})" for one in self.added),
            *(one.text for one in self.changed),
            *(f"remove {one.session_id} ({one.user_id})" for one in self.removed),
            *(f"ignore {row.text[:60]!r}: {row.reason}" for row in self.rejected),
        )


async def difference(store: SessionStore, file: Path) -> Difference:
    """Compare a file that a person edited with the live sessions.

    Raises:
        StoreUnreadable: there is no such file, or it is not one of sessions.
    """
    found, edited_at = await asyncio.to_thread(_read, file)
    live = {session.session_id: session for session in await store.all()}
    wanted = {one.session_id: one for one in map(session_of, found.live.lines())}
    changed = []
    for session_id, session in wanted.items():
        if session_id in live:
            merged = _merged(live[session_id], session, edited_at)
            if merged != live[session_id]:
                changed.append(ChangedRow(live[session_id], merged))
    return Difference(
        file,
        edited_at,
        added=tuple(one for session_id, one in wanted.items() if session_id not in live),
        changed=tuple(changed),
        removed=tuple(
            one
            for session_id, one in live.items()
            if session_id not in wanted and one.created_at <= edited_at
        ),
        rejected=tuple(found.rejected),
    )


async def apply(store: SessionStore, difference: Difference) -> None:
    """Make the changes; a kept file then gets a name that says that it was applied.

    Raises:
        KeyTaken: a row wants the place of another live session; what came before it is made.
        StoreFailed: the disk refused; what came before it is made.
    """
    for session in difference.removed:
        await store.remove(session.session_id)
    for row in difference.changed:
        try:
            await store.change(row.live.session_id, _towards(row.wanted, difference.edited_at))
        except NoSuchSession:
            continue  # it ended meanwhile
    for session in difference.added:
        await store.save(session)
    if ".edited-" in difference.file.name:
        await asyncio.to_thread(
            difference.file.rename, difference.file.with_name(f"{difference.file.name}.applied")
        )


def _towards(wanted: Session, edited_at: datetime) -> Callable[[Session], Session]:
    return lambda live: _merged(live, wanted, edited_at)


def _merged(live: Session, wanted: Session, edited_at: datetime) -> Session:
    """Return the row as the person wants it, with what has happened since they wrote it."""
    since = tuple(one for one in live.pending_approval if one.asked_at > edited_at)
    known = {one.id for one in wanted.pending_approval}
    merged = replace(
        wanted,
        last_activity=max(live.last_activity, wanted.last_activity),
        pending_approval=(
            *wanted.pending_approval,
            *(one for one in since if one.id not in known),
        ),
    )
    return live if line_of(merged) == line_of(live) else merged


def _read(file: Path) -> tuple[ReadFile, datetime]:
    found = read_sessions(RealDisk(), file)
    if found.checksum is None:
        raise StoreUnreadable(f"There is no file {file}.")
    return found, datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)
