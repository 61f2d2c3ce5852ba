# ruff: noqa: ASYNC240 - these tests are about files, and may wait
"""The files of sessions as a person meets them: read, left by a crash, set aside."""

import csv
from pathlib import Path

from sessions.csv_store import CsvStore
from sessions.models import Session


async def read(path: Path) -> dict[str, Session]:
    """Open the store, and close it again."""
    async with CsvStore.open(path) as store:
        return {one.session_id: one for one in await store.all()}


def rejected(path: Path) -> list[tuple[str, str]]:
    """Return reason and row of everything that was set aside."""
    usual = csv.field_size_limit(1 << 20)
    try:
        with path.with_name("sessions.csv.rejected").open(newline="") as file:
            return [(row["reason"], row["row"]) for row in csv.DictReader(file)]
    finally:
        csv.field_size_limit(usual)


async def crash(path: Path, *sessions: Session) -> None:
    """Leave the files as a killed bot leaves them: these sessions in the journal alone."""
    async with CsvStore.open(path) as store:
        before = path.read_bytes()
        for one in sessions:
            await store.save(one)
        journal = path.with_name("sessions.csv.journal").read_bytes()
    path.write_bytes(before)
    path.with_name("sessions.csv.journal").write_bytes(journal)


def kept(path: Path, beginning: str) -> list[Path]:
    return sorted(path.parent.glob(f"sessions.csv.{beginning}*"))
