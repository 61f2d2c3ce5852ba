"""uvicorn in the event loop of the bot, on TCP and on the control socket."""

import asyncio
import contextlib
import math
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import uvicorn
from fastapi import FastAPI

from bot.errors import StartError
from bot.web.hosts import is_loopback
from bot.web.options import WebOptions
from bot.web.sockets import control_socket, tcp_sockets


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens."""

    port: int
    url: str


class MakeApp(Protocol):
    """Makes the application for one side of the door."""

    def __call__(self, *, operator: bool) -> FastAPI:
        """With `operator` every caller is the operator."""
        ...


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: when to stop is the bot's to say."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving_apps(make: MakeApp, options: WebOptions) -> AsyncIterator[Served]:
    """Serve one application on TCP, and the operator's on the control socket.

    Raises:
        StartError: it cannot listen there, or must not without keys.
    """
    if not options.keys and not is_loopback(options.host):
        raise StartError(
            f"HOST={options.host} lets others in, so API_KEYS must be set, "
            "for example API_KEYS=me:admin:a-long-secret. Or set HOST=127.0.0.1."
        )
    async with AsyncExitStack() as stack:
        listeners = await tcp_sockets(options.host, options.port)
        for listener in listeners:
            stack.callback(listener.close)
        served = _served(options.host, listeners)
        control = None
        if options.control_socket is not None:
            control = await stack.enter_async_context(control_socket(options.control_socket))
        await stack.enter_async_context(_running(make(operator=False), listeners, options))
        if control is not None:
            await stack.enter_async_context(_running(make(operator=True), [control], options))
        yield served


@asynccontextmanager
async def serving_control(app: FastAPI, path: Path, options: WebOptions) -> AsyncIterator[None]:
    """Serve the operator's application alone, for a command that opened the bot itself."""
    async with control_socket(path) as control, _running(app, [control], options):
        yield


@asynccontextmanager
async def _running(
    app: FastAPI, sockets: list[socket.socket], options: WebOptions
) -> AsyncIterator[None]:
    """Serve an application; at the end open responses have `stop_seconds` to finish."""
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=max(1, math.ceil(options.stop_seconds)),
        )
    )
    task = asyncio.create_task(server.serve(sockets=sockets), name="http")
    try:
        while not server.started:
            if task.done():
                await task
                raise StartError("The HTTP server ended while it started.")
            await asyncio.sleep(0)
        yield
    finally:
        server.should_exit = True
        await task


def _served(host: str, listeners: list[socket.socket]) -> Served:
    port: int = listeners[0].getsockname()[1]
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - to show, not to bind
    return Served(port, f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}")
