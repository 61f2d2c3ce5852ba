"""What every test has: a loop that must not be blocked."""

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop() -> Iterator[BlockBuster]:
    """Fail a test in which our own code blocks the event loop."""
    with blockbuster_ctx(["bot", "adapters", "sessions", "config"]) as guard:
        yield guard
