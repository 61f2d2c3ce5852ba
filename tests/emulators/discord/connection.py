"""One connection to the gateway: what is sent goes out in order, compressed as was asked."""

import asyncio
import importlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from tests.emulators.discord.world import JSON


@dataclass(frozen=True)
class Close:
    """The end of a connection, with the code that says why."""

    code: int


class Connection:
    """A client's socket; `compress` in its address asks for one long zlib or zstd stream.

    Every message ends with a flush, in zlib 00 00 FF FF, which is how clients tell where it ends
    (developer documentation, "Transport compression"). discord.py asks for zstd where that is
    installed, else for zlib.
    """

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._request = request
        self._waiting: asyncio.Queue[JSON | Close] = asyncio.Queue()
        self.compression = request.query.get("compress", "")
        self._pack = _packing(self.compression)

    def send(self, told: JSON | Close) -> None:
        """Let this go out after all that waits already."""
        self._waiting.put_nowait(told)

    def cut(self) -> None:
        """End it at once, and without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def write(self) -> None:
        """Send what waits, as long as there is somebody to read it."""
        while True:
            told = await self._waiting.get()
            if isinstance(told, Close):
                await self._socket.close(code=told.code)
                return
            text = json.dumps(told)
            try:
                if self._pack is None:
                    await self._socket.send_str(text)
                else:
                    await self._socket.send_bytes(self._pack(text.encode()))
            except ConnectionError:
                return  # whoever resumes is sent it again


def _packing(compression: str) -> Callable[[bytes], bytes] | None:
    """Return what packs the messages of one connection, in order; None sends them as they are."""
    if compression == "zlib-stream":
        zipped = zlib.compressobj()
        return lambda data: zipped.compress(data) + zipped.flush(zlib.Z_SYNC_FLUSH)
    if compression == "zstd-stream":
        zstandard = importlib.import_module("zstandard")  # who asks for it has it
        stream = zstandard.ZstdCompressor().compressobj()
        block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return lambda data: bytes(stream.compress(data) + stream.flush(block))
    return None
