"""The files of a restore in `data/restore`, and how they take the place of others."""

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from errno import EXDEV
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from sessions.archive import ArchiveError
from sessions.private_files import make_private_directory, sync_directory, write_private
from sessions.stored_files import ALL_NAMES, KEYS, REBUILT, Places, digest_of


class RestoreFailed(ArchiveError):
    """A restore cannot be made or finished; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be put in place: the archive's name, and each staged file with its SHA-256.

    `checked` is that the next start found them to be whole. `kept` is the backup of the state
    before; from the moment it is there, there is no way back.
    """

    archive: str
    asked_at: datetime
    files: tuple[tuple[str, str], ...]
    checked: bool = False
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last restore ended: `kept` is the backup of what was there before.

    If it was not `done`, nothing was changed, and `reason` says why.
    """

    archive: str
    at: datetime
    done: bool
    reason: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class RestoreFiles:
    """What a restore has on disk. Every method blocks."""

    places: Places

    @property
    def folder(self) -> Path:
        """Where all of it is."""
        return self.places.data / "restore"

    @property
    def staged(self) -> Path:
        """The files that are to be put in place."""
        return self.folder / "new"

    @property
    def intent(self) -> Path:
        """That it was agreed to."""
        return self.folder / "intent.json"

    @property
    def outcome(self) -> Path:
        """How the last one ended."""
        return self.places.data / "restored.json"

    def clear(self) -> None:
        """Throw away what was staged."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def begin(self) -> None:
        """Make an empty place for what is to be staged."""
        self.clear()
        make_private_directory(self.staged)

    def read_intent(self) -> Intent | None:
        """Give what was agreed to, or None; raises RestoreFailed if that cannot be read."""
        try:
            return _INTENT.validate_json(self.intent.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            raise RestoreFailed(
                f"{self.intent} cannot be read. To start with what is there, remove {self.folder}."
            ) from None

    def write_intent(self, intent: Intent) -> None:
        """Agree to it: durable on return."""
        sync_directory(self.staged)
        _write(self.intent, intent)

    def read_outcome(self) -> Outcome | None:
        """Say how the last restore ended, or None."""
        try:
            return _OUTCOME.validate_json(self.outcome.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def damage(self, intent: Intent) -> str:
        """Say which staged file is not what it was; empty if all are."""
        for name, digest in intent.files:
            path = self.staged / name
            if not path.is_file() or digest_of(path) != digest:
                return f"{name} has changed since it was unpacked."
        return ""

    def swap(self, intent: Intent) -> None:
        """Put the staged files in the place of those that are there; it may have begun before.

        Keys stay where the backup has none: without them nobody knows any more who was forgotten.
        """
        wanted = {name for name, _ in intent.files}
        for name in ALL_NAMES:
            live, staged = self.places.of(name), self.staged / name
            if name not in wanted and name != KEYS:
                _remove(live, *self.places.beside(name))
            elif staged.exists():
                _remove(*self.places.beside(name))
                _put(staged, live)
        for name in REBUILT:
            _remove(self.places.of(name), *self.places.beside(name))

    def end(self, outcome: Outcome) -> None:
        """Note how it ended; from here on there is nothing to go on with."""
        _write(self.outcome, outcome)
        self.intent.unlink()
        sync_directory(self.folder)
        shutil.rmtree(self.folder)


_INTENT = TypeAdapter(Intent)
_OUTCOME = TypeAdapter(Outcome)


def _put(staged: Path, live: Path) -> None:
    """Let a staged file take the name of a live one, which may be on another disk."""
    make_private_directory(live.parent)
    try:
        staged.replace(live)
    except OSError as error:
        if error.errno != EXDEV:
            raise
        near = live.with_name(f"{live.name}.restoring")
        shutil.copyfile(staged, near)
        near.chmod(0o600)
        sync_directory(near)
        near.replace(live)
        staged.unlink()
    sync_directory(live.parent)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
    for directory in {path.parent for path in paths if path.parent.exists()}:
        sync_directory(directory)


def _write(path: Path, value: Intent | Outcome) -> None:
    write_private(path, json.dumps(asdict(value), default=datetime.isoformat).encode())
