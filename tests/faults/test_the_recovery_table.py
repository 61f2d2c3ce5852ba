"""Each row of the table of recoveries in the documentation is proved by something that exists."""

import re
from pathlib import Path

from tests.faults.points import APPROVAL, PUSHED, TURN

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?:received|running|parked|any|held) \|.*\| ([^|]+) \|$", re.MULTILINE)


def test_every_row_names_the_step_or_the_test_that_proves_it() -> None:
    rows = ROW.findall((ROOT / "docs/architecture.md").read_text())
    assert len(rows) == 11
    steps = {point.name for point in (*TURN, *APPROVAL, *PUSHED)}
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for proof in (each.strip() for row in rows for each in row.split(";")):
        assert proof in steps or f"def {proof}(" in code, proof
