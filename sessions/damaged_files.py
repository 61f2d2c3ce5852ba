"""Databases that are damaged: a restore keeps them as they are, beside the backup of the others."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sessions.private_files import make_private_directory, sync_directory
from sessions.stored_files import DATABASES, Places, damage_in


def damaged_in(places: Places) -> Sequence[str]:
    """Name the databases that no backup can copy; it blocks, about a second for each GB."""
    return [each.name for each in DATABASES if damage_in(places.data, each.name)]


def aside_at(at: datetime) -> str:
    """Name the folder in the data directory for those of a moment."""
    return f"damaged-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def put_aside(places: Places, names: Sequence[str], folder: Path) -> None:
    """Move databases, each with what belongs to it, into a folder; it blocks."""
    make_private_directory(folder)
    for name in names:
        for path in (places.of(name), *places.beside(name)):
            if path.exists():
                path.replace(folder / path.name)
    sync_directory(folder)
    sync_directory(places.data)


def put_back(places: Places, folder: Path) -> None:
    """Undo it, if it was done; it blocks."""
    if not folder.exists():
        return
    for path in list(folder.iterdir()):
        path.replace(places.data / path.name)
    folder.rmdir()
    sync_directory(places.data)
