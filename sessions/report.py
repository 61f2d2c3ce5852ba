"""How the store is, for people."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoreReport:
    """How the store is: for /ready and `sessions list`.

    `refusing` says why changes are refused, `trouble` why the CSV is behind; both are empty when
    all is well. `edited_files` wait to be applied.
    """

    path: Path
    sessions: int
    refusing: str
    trouble: str
    edited_files: tuple[Path, ...]
    rejected_rows: int
    journal_bytes: int
    last_fold_seconds: float
