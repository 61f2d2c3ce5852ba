"""What the agent's tests have: its log lines, kept instead of printed."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """Keep the log lines; to print a trace in colours takes seconds."""
    with capture_logs() as lines:
        yield lines
