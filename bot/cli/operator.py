"""The operator's way to the bot: its control socket, or the bot itself if none runs.

Either way a command speaks HTTP over the socket, so that each is written once. Without a bot the
command opens the files itself, which takes their lock, and serves the socket while it lasts.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bot.cli.house import Refusal, enter, logging
from bot.errors import StartError
from bot.web.sockets import reachable
from config.loading import Loaded

PROBE_SECONDS = 2
CONNECT_SECONDS = 5
CONTROL_SOCKET = "control.sock"

Result = TypeVar("Result")


class Operator:
    """The routes, with the operator's rights."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        """Call a route and return the JSON of its answer.

        Raises:
            Refusal: with the sentence of the problem.
        """
        response = await self.client.request(method, path, **more)
        if response.is_error:
            raise Refusal(problem_in(response))
        return response.json() if response.content else None

    async def pages(self, path: str, **query: str | int) -> AsyncIterator[Any]:
        """Give the items of all pages."""
        after: dict[str, str] = {}
        while True:
            page = await self.ask("GET", path, params={**query, **after})
            for item in page["items"]:
                yield item
            if not page["next"]:
                return
            after = {"after": page["next"]}


def problem_in(response: httpx.Response) -> str:
    """Return the sentence of an error that was read."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The bot answered {response.status_code} {response.reason_phrase}."


def perform(command: Callable[[Operator], Coroutine[Any, Any, Result]]) -> Result:
    """Run a command of the operator to its end, with the bot that runs or with one of its own.

    Raises:
        StartError: it cannot be reached or opened, with a sentence that says why.
        Refusal: it refused.
    """
    loaded = enter()
    path = loaded.settings.sessions.data_dir / CONTROL_SOCKET
    if not _answers(path):
        return _with_own_bot(loaded, path, command)

    async def run() -> Result:
        async with _reaching(path) as operator:
            return await command(operator)

    return asyncio.run(run())


def perform_in_running(
    data: Path, command: Callable[[Operator], Coroutine[Any, Any, Result]]
) -> Result:
    """Run a command with the bot that runs with this data directory, and never with one of its own.

    Raises:
        httpx.TransportError: it does not run, or stops.
        Refusal: it refused.
    """

    async def run() -> Result:
        async with _reaching(data / CONTROL_SOCKET) as operator:
            return await command(operator)

    return asyncio.run(run())


def runs_in(data: Path) -> bool:
    """Say whether a bot runs with this data directory.

    Raises:
        StartError: one of another account does.
    """
    return _answers(data / CONTROL_SOCKET)


def _with_own_bot(
    loaded: Loaded, path: Path, command: Callable[[Operator], Coroutine[Any, Any, Result]]
) -> Result:
    # Only now: with a bot running, a command needs none of the libraries behind these.
    from bot.app import operating  # noqa: PLC0415 - see above
    from bot.plain_values import web_options  # noqa: PLC0415 - see above
    from bot.web.serving import serving_control  # noqa: PLC0415 - see above

    options = web_options(loaded.settings)

    async def run() -> Result:
        async with (
            operating(loaded.settings) as app,
            serving_control(app, path, options),
            _reaching(path) as operator,
        ):
            return await command(operator)

    with logging(loaded, quiet=True):
        return asyncio.run(run())


@asynccontextmanager
async def _reaching(path: Path) -> AsyncIterator[Operator]:
    with reachable(path) as name:
        transport = httpx.AsyncHTTPTransport(uds=name)
        patience = httpx.Timeout(None, connect=CONNECT_SECONDS)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=patience
        ) as client:
            yield Operator(client)


def _answers(path: Path) -> bool:
    """Whether a bot listens there; what a dead one left behind does not answer."""
    if not path.is_socket():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, reachable(path) as name:
        probe.settimeout(PROBE_SECONDS)
        try:
            probe.connect(name)
        except PermissionError as error:
            raise StartError(f"The bot at {path} belongs to another account.") from error
        except OSError:
            return False
    return True
