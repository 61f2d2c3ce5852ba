"""The operator's way to the bot: its control socket, or the bot itself if none runs.

Either way a command speaks HTTP over the socket, so that each is written once. Without a bot the
command opens the files itself, which takes their lock, and serves the socket while it lasts.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bot.cli.house import enter, log_options
from bot.errors import StartError
from bot.logs import configure_logging
from bot.web.sockets import reachable
from config.loading import Loaded

PROBE_SECONDS = 2
CONNECT_SECONDS = 5
CONTROL_SOCKET = "control.sock"

Result = TypeVar("Result")


class Refusal(Exception):
    """The bot refused what the operator asked; the text is its sentence."""


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
    """Run a command of the operator to its end."""
    loaded = enter()

    async def run() -> Result:
        async with connect(loaded) as operator:
            return await command(operator)

    return asyncio.run(run())


@asynccontextmanager
async def connect(loaded: Loaded) -> AsyncIterator[Operator]:
    """Reach the bot that runs, or open one for as long as the ``with`` lasts.

    Raises:
        StartError: it cannot be opened, with a sentence that says why.
    """
    path = loaded.settings.sessions.data_dir / CONTROL_SOCKET
    async with AsyncExitStack() as stack:
        if not await asyncio.to_thread(_answers, path):
            stack.enter_context(configure_logging(log_options(loaded, quiet=True)))
            await stack.enter_async_context(_opened(loaded, path))
        name = stack.enter_context(reachable(path))
        client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=name),
            base_url="http://localhost",
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        )
        yield Operator(await stack.enter_async_context(client))


@asynccontextmanager
async def _opened(loaded: Loaded, path: Path) -> AsyncIterator[None]:
    # Only now: with a bot running, a command needs none of the libraries behind these.
    from bot.app import operating, web_options  # noqa: PLC0415 - see above
    from bot.web.serving import serving_control  # noqa: PLC0415 - see above

    settings = loaded.settings
    async with operating(settings) as app, serving_control(app, path, web_options(settings)):
        yield


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
