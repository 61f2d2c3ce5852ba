"""JSON responses from frozen dataclasses."""

import json
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response


def to_json(value: Any) -> str:
    """Write a value as JSON: dataclasses as objects, times in ISO 8601 with a Z."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


class JsonResponse(Response):
    """A response that writes what it is given as JSON.

    Half a surrogate pair, which a model may stream and UTF-8 cannot hold, becomes a ``?``.
    """

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Write the body."""
        return to_json(content).encode("utf-8", "replace")
