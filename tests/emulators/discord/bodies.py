"""What a request carries: JSON, or a form whose `payload_json` is the JSON beside files.

Forms: developer documentation, "Uploading files".
"""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.emulators.discord.refusals import invalid_json
from tests.emulators.discord.world import File


@dataclass(frozen=True)
class Body:
    """The JSON, and the files by the number that the JSON calls them."""

    payload: Any = None
    files: dict[int, File] = field(default_factory=dict)


async def read_body(request: web.Request) -> Body:
    """Read what this request carries; broken JSON is refused (50109)."""
    try:
        if request.content_type == "multipart/form-data":
            return await _read_form(request)
        raw = await request.read()
        return Body(json.loads(raw) if raw else {})
    except ValueError as broken:
        raise invalid_json() from broken


async def _read_form(request: web.Request) -> Body:
    payload: Any = {}
    files: dict[int, File] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        name = part.name or ""
        data = bytes(await part.read(decode=False))
        if name == "payload_json":
            payload = json.loads(data)
        elif name.startswith("files["):
            files[int(name[6:-1])] = File(part.filename or "file", data)
    return Body(payload, files)
