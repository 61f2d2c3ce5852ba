"""What a value of an export must be, so that whoever reads the records later can do so.

The tables take more than the bot ever writes: a time of the year 10000, half a character, actions
of any shape. Nothing of that may come in, for it would stand in everybody's way.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Table, create_engine
from sqlalchemy.exc import SQLAlchemyError

from sessions.models import ActionRecord
from sessions.tables import insert_if_absent, metadata
from sessions.times import stored

EARLIEST, LATEST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
"""Any of these is a time in every zone."""

GREATEST = 2**63 - 1

SHAPES: Mapping[str, TypeAdapter[Any]] = {
    "tags": TypeAdapter(list[str]),
    "actions": TypeAdapter(list[ActionRecord]),
    "verdicts": TypeAdapter(list[Mapping[str, Any]]),
    "arguments": TypeAdapter(Mapping[str, Any]),
}


class Unfit(Exception):
    """No table takes these rows; the text is the rest of a sentence that says why."""


def checked_time(name: str, text: str) -> int:
    """Give a time as it is stored; raises ValueError or TypeError if it is none."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    if not EARLIEST <= at <= LATEST:
        raise ValueError(f"{name} is no time of our calendar")
    return stored(at)


def checked_plain(name: str, value: Any, kind: type[str] | type[bool] | type[int]) -> Any:
    """Give a text, number or flag; raises ValueError if it is none that can be stored."""
    if type(value) is not kind:
        raise ValueError(f"{name} is not a {kind.__name__}")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name} has half of a character") from None
        if name == "id" and not value:
            raise ValueError("id is empty")
        if name == "zone" and value:
            _check_zone(value)
    elif isinstance(value, int) and not 0 <= value <= GREATEST:
        raise ValueError(f"{name} is too small or too large")
    return value


def checked_json(name: str, value: Any) -> Any:
    """Give what stands in a column of JSON; raises ValueError or TypeError if it is odd."""
    try:
        if name in SHAPES:
            SHAPES[name].validate_python(value)
    except ValidationError:
        raise ValueError(f"{name} are of another shape") from None
    if name == "actions":
        for each in value:
            ActionRecord(**each)  # no field too many
    if name == "verdicts" and not all(map(_is_verdict, value)):
        raise ValueError(f"{name} are of another shape")
    return value


def _is_verdict(found: Mapping[str, Any]) -> bool:
    kind = found.get("type")
    if kind == "edit":
        return isinstance(found.get("arguments"), Mapping)
    return kind in ("approve", "reject") or (kind == "respond" and "text" in found)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("zone is no time zone") from None


@contextmanager
def trial() -> Iterator[Connection]:
    """Give tables in memory, empty, on which rows can be tried."""
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as db:
            metadata.create_all(db)
            db.commit()
            yield db
    finally:
        engine.dispose()


def try_out(db: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows as an import will, and take them away again; raises Unfit if that fails."""
    try:
        if rows:
            db.execute(insert_if_absent(table), [dict(row) for row in rows])
    except (SQLAlchemyError, ValueError, OverflowError, RecursionError) as error:
        raise Unfit(str(getattr(error, "orig", None) or error).partition("\n")[0]) from None
    finally:
        db.rollback()
