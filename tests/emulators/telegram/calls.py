"""A request of the bot, as it came: query, form, multipart or JSON, with typed ways to read it."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.emulators.telegram.refusals import Json, bad_request


@dataclass(frozen=True)
class Upload:
    """A file that came with a request."""

    name: str
    content: bytes
    mime_type: str


@dataclass
class Call:
    """A request; `at` is when it came, `outcome` is `ok`, what was refused, or `dropped`."""

    method: str
    at: float
    params: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    outcome: str = ""
    answered_at: float = 0.0

    def text(self, name: str, default: str = "") -> str:
        """Return a string."""
        value = self.params.get(name)
        return default if value is None else str(value)

    def number(self, name: str, default: int | None = None) -> int:
        """Return a whole number.

        Raises:
            Refused: It is missing and has no default, or is no number.
        """
        value = self.params.get(name)
        if value is None and default is not None:
            return default
        try:
            return int(str(value))
        except ValueError:
            raise bad_request(f"{name} must be a number, not {value!r}") from None

    def flag(self, name: str) -> bool:
        """Return whether something is switched on."""
        return str(self.params.get(name, "")).lower() in ("true", "1", "yes")

    def chat_id(self) -> int:
        """Return the chat that the request is for."""
        if self.params.get("chat_id") in (None, ""):
            raise bad_request("chat_id is empty")
        try:
            return int(str(self.params["chat_id"]))
        except ValueError:
            raise bad_request("chat not found") from None

    def topic(self) -> int | None:
        """Return the topic that the request is for."""
        return self.number("message_thread_id", 0) or None

    def object(self, name: str) -> Json | None:
        """Return a JSON object."""
        value = self.decoded(name)
        if value is not None and not isinstance(value, dict):
            raise bad_request(f"object expected as {name.replace('_', ' ')}")
        return value

    def array(self, name: str) -> list[Any] | None:
        """Return a JSON array."""
        value = self.decoded(name)
        if value is not None and not isinstance(value, list):
            raise bad_request(f"can't parse {name}: Array expected")
        return value

    def decoded(self, name: str) -> Any:
        """Return a parameter that is JSON, or None if it was not sent."""
        value = self.params.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None


async def read_call(request: web.Request, at: float) -> Call:
    """Read a request in any of the four ways in which the Bot API takes its parameters."""
    call = Call(request.match_info["method"], at, dict(request.query))
    if request.content_type == "application/json":
        call.params.update(await request.json())
    elif request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name:
                await _read_part(call, part)
    else:
        call.params.update(await request.post())
    return call


async def _read_part(call: Call, part: BodyPartReader) -> None:
    assert part.name
    content = bytes(await part.read())
    if part.filename is None:
        call.params[part.name] = content.decode()
        return
    kind = part.headers.get("Content-Type", "application/octet-stream")
    call.files[part.name] = Upload(part.filename, content, kind)
