"""The time of the stand-in, which tests may set ahead, and the ids that encode it.

An id is a snowflake: milliseconds since the first second of 2015 in the upper 42 bits, then
22 bits that tell ids of the same millisecond apart (developer documentation, "Snowflakes").
"""

import time
from datetime import UTC, datetime

EPOCH = 1_420_070_400_000  # 2015-01-01 in milliseconds since 1970


class Clock:
    """The real time, plus what a test has set it ahead."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._last = 0

    def now(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        """Let this time pass at once for ids, interaction tokens and links to files."""
        self.ahead += seconds

    def text(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat()

    def snowflake(self) -> int:
        """Return an id of now, larger than all before it."""
        self._last = max(self._last + 1, (int(self.now() * 1000) - EPOCH) << 22)
        return self._last


def time_of(snowflake: int) -> str:
    """Return when this id was made, in ISO 8601."""
    return datetime.fromtimestamp(((snowflake >> 22) + EPOCH) / 1000, UTC).isoformat()
