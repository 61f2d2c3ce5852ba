"""What every test has: a loop that must not be blocked."""

from collections.abc import Iterator

import pytest
import structlog
from blockbuster import BlockBuster, blockbuster_ctx


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """Log without rich's tracebacks, which take seconds and show local variables."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop() -> Iterator[BlockBuster]:
    """Fail a test in which our own code blocks the event loop."""
    with blockbuster_ctx(["bot", "adapters", "sessions", "config"]) as guard:
        yield guard
