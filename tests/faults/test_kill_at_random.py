"""Killed with SIGKILL at random moments under load: nothing that was confirmed is lost."""

import os
import sys
from pathlib import Path

import pytest

from tests.agent.clerk import Clerk
from tests.faults.killing import kill_at_random
from tests.faults.many_kills import kill_on


@pytest.fixture(autouse=True)
def _clerk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.agent.models.OfflineModel", Clerk)
    monkeypatch.setenv("EFFECTS", str(tmp_path / "effects"))


@pytest.mark.timeout(300)
async def test_a_busy_bot_that_is_killed_loses_nothing_and_runs_nothing_twice(
    tmp_path: Path,
) -> None:
    counted = await kill_at_random(tmp_path, kills=4, people=6, seed=1)
    assert counted["answered"] > 20
    assert counted["actions run"] > 5


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_it_is_killed_many_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kills = int(os.environ.get("THREADLINE_KILLS", "200"))
    counted = await kill_on(tmp_path / "kills.json", kills, people=12)
    with capsys.disabled():
        sys.stderr.write(f"{dict(counted)}\n")
