"""Killed with SIGKILL at random moments under load: nothing that was confirmed is lost."""

import os
import sys
from pathlib import Path

import pytest

from tests.faults.killing import kill_at_random


@pytest.mark.timeout(300)
async def test_a_busy_bot_that_is_killed_loses_nothing_and_runs_nothing_twice(
    tmp_path: Path,
) -> None:
    counted = await kill_at_random(tmp_path, kills=4, people=6, seed=1)
    assert counted["sessions"] > 0
    assert counted["actions that ran"] > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_it_is_killed_many_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kills = int(os.environ.get("THREADLINE_KILLS", "200"))
    counted = await kill_at_random(tmp_path, kills=kills, people=12, seed=2)
    with capsys.disabled():
        sys.stderr.write(f"{dict(counted)}\n")
