"""A stand-in for api.telegram.org on this machine: real HTTP, strict as the real one.

    async with telegram_server() as telegram:
        ann = telegram.person("Ann")
        ann.press_start()
        await telegram.until(lambda: ann.chat.answers)

A bot reaches it through `telegram.token`, `telegram.base_url` and `telegram.base_file_url`.
"""

import asyncio
import inspect
import socket
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiohttp import web

from tests.emulators.telegram.asking import Asking
from tests.emulators.telegram.calls import Call, read_call
from tests.emulators.telegram.changing import Changing
from tests.emulators.telegram.faults import Fault, Faults, Flood
from tests.emulators.telegram.line import Line
from tests.emulators.telegram.refusals import NOT_FOUND, UNAUTHORIZED, Json, Refused
from tests.emulators.telegram.sending import Sending
from tests.emulators.telegram.tokens import SECRET, is_formed
from tests.emulators.telegram.world import BOT_ID, World

T = TypeVar("T")
Method = Callable[[Call], Any]
LARGEST_REQUEST = 60 * 1024 * 1024


class TelegramServer(World):
    """What people do stands in World; this is the bot's side: HTTP, faults, the network."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock)
        self.token = f"{BOT_ID}:{SECRET}"
        self.calls: list[Call] = []
        self.unknown_methods: list[str] = []
        self.mistakes: list[str] = []
        self.faults = Faults()
        self.flood = Flood(clock)
        self.line = Line(self)
        self.asking = Asking(self)
        self.logged_out = False
        self._methods = self._table()
        self._place = socket.socket()
        self._runner: web.AppRunner | None = None
        self._connections: set[asyncio.Transport] = set()

    @property
    def port(self) -> int:
        """The port, which stays the same while the network is gone."""
        return int(self._place.getsockname()[1])

    @property
    def base_url(self) -> str:
        """What python-telegram-bot takes as `base_url`."""
        return f"{self.api_url}/bot"

    @property
    def base_file_url(self) -> str:
        """What python-telegram-bot takes as `base_file_url`."""
        return f"{self.api_url}/file/bot"

    @property
    def api_url(self) -> str:
        """The address without the part that every request begins with."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def commands(self) -> dict[tuple[str, str], list[Json]]:
        """The commands that the bot registered, by scope (as JSON) and language."""
        return self.asking.commands

    def calls_of(self, *methods: str) -> list[Call]:
        """Return the requests of these methods, in order."""
        wanted = {method.lower() for method in methods}
        return [call for call in self.calls if call.method.lower() in wanted]

    async def until(self, condition: Callable[[], T], within: float = 20) -> T:
        """Wait until a condition gives something, and return it.

        Raises:
            TimeoutError: It did not within these seconds; says what the bot did last.
        """
        try:
            return await self.watch.until(condition, within)
        except TimeoutError:
            last = [f"{call.method}: {call.outcome or 'not answered yet'}" for call in self.calls]
            raise TimeoutError(f"Not seen in {within} s. The bot did last: {last[-8:]}") from None

    async def open(self) -> None:
        """Take a port that is free and listen."""
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._place.bind(("127.0.0.1", 0))
        await self.come_back()

    async def come_back(self) -> None:
        """Listen again, on the same port."""
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()

    async def go_away(self) -> None:
        """Be as a server that the network does not reach: connections end, none is taken."""
        for transport in self._connections:
            transport.abort()
        self._connections.clear()
        self.updates.stop_polling(None)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def close(self) -> None:
        """End."""
        await self.line.close()
        await self.go_away()
        self._place.close()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            self._connections.add(request.transport)
        call = await read_call(request, self.clock())
        self.calls.append(call)
        self.watch.changed()
        fault = self.faults.take(call.method.lower())
        try:
            body, code = await self._perform(call, request.match_info["token"], fault), 200
            call.outcome = "ok"
        except Refused as refusal:
            body, code = refusal.body, refusal.code
            call.outcome = refusal.description
        except Exception:
            self.mistakes.append(traceback.format_exc())
            raise
        call.answered_at = self.clock()
        self.watch.changed()
        if fault is not None and fault.drop:
            call.outcome = "dropped"
            return self._drop(request)
        if fault is not None and fault.html:
            call.outcome = f"{fault.html}"
            page = "<html><body><h1>Bad Gateway</h1></body></html>"
            return web.Response(status=fault.html, text=page, content_type="text/html")
        waits = (body.get("parameters") or {}).get("retry_after")
        headers = {"Retry-After": str(waits)} if waits else None
        return web.json_response(body, status=code, headers=headers)

    async def _perform(self, call: Call, token: str, fault: Fault | None) -> Json:
        method = self._admit(call, token)
        if fault is not None:
            if fault.refusal is not None:
                raise fault.refusal
            if fault.html or (fault.drop and not fault.after_effect):
                return {}
            if not fault.after_effect:
                await asyncio.sleep(fault.seconds)
        if "chat_id" in call.params:
            self.flood.check(call.method.lower(), call.chat_id())
        result = method(call)
        if inspect.isawaitable(result):
            result = await result
        if fault is not None and fault.after_effect:
            await asyncio.sleep(fault.seconds)
        return {"ok": True, "result": result}

    def _admit(self, call: Call, token: str) -> Method:
        if not is_formed(token):
            raise NOT_FOUND
        if token != self.token:
            raise UNAUTHORIZED
        if self.logged_out:
            raise Refused(400, "Logged out")
        method = self._methods.get(call.method.lower())
        if method is None:
            self.unknown_methods.append(call.method)
            raise NOT_FOUND
        return method

    def _drop(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _download(self, request: web.Request) -> web.Response:
        self.calls.append(Call("download", self.clock(), dict(request.match_info)))
        fault = self.faults.take("download")
        if fault is not None and fault.drop:
            return self._drop(request)
        if request.match_info["token"] != self.token:
            return web.json_response(UNAUTHORIZED.body, status=UNAUTHORIZED.code)
        for kept in self.files.values():
            if kept.path == request.match_info["path"]:
                return web.Response(body=kept.content, content_type="application/octet-stream")
        return web.json_response(NOT_FOUND.body, status=NOT_FOUND.code)

    def _log_out(self, call: Call) -> bool:
        self.logged_out = True
        return True

    def _table(self) -> dict[str, Method]:
        sending, changing, asking, line = Sending(self), Changing(self), self.asking, self.line
        methods: tuple[Method, ...] = (
            sending.send_message, sending.send_message_draft, sending.send_chat_action,
            sending.send_document, sending.send_photo, changing.edit_message_text,
            changing.edit_message_reply_markup, changing.delete_message,
            changing.set_message_reaction, changing.answer_callback_query, asking.get_me,
            asking.get_chat, asking.get_chat_member, asking.get_chat_administrators,
            asking.leave_chat, asking.set_my_commands, asking.get_my_commands,
            asking.delete_my_commands, asking.get_file, line.get_updates, line.set_webhook,
            line.delete_webhook, line.get_webhook_info,
        )  # fmt: skip
        table = {method.__name__.replace("_", ""): method for method in methods}
        return table | {"logout": self._log_out, "close": lambda _: True}


@asynccontextmanager
async def telegram_server(
    clock: Callable[[], float] = time.time, *, flood_limits: bool = False
) -> AsyncIterator[TelegramServer]:
    """Open a server with no people yet; a method that it does not know fails the test at the end.

    Raises:
        AssertionError: The bot called an unknown method, or the stand-in itself went wrong.
    """
    server = TelegramServer(clock)
    server.flood.limits = flood_limits
    await server.open()
    try:
        yield server
    finally:
        await server.close()
    assert not server.mistakes, server.mistakes[0]
    assert not server.unknown_methods, f"The bot called {server.unknown_methods}"
