"""Times as the database keeps them: whole microseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta
from typing import overload

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@overload
def stored(at: datetime) -> int: ...
@overload
def stored(at: None) -> None: ...
def stored(at: datetime | None) -> int | None:
    """Give a time as it is stored; a naive one is a mistake of ours and raises TypeError."""
    return None if at is None else (at - EPOCH) // MICROSECOND


@overload
def loaded(value: int) -> datetime: ...
@overload
def loaded(value: None) -> None: ...
def loaded(value: int | None) -> datetime | None:
    """Give back a stored time, aware and in UTC."""
    return None if value is None else EPOCH + value * MICROSECOND
