"""Every request on its way: noted, checked, limited, and hindered where a test wants it.

The real limits are not published; 5 messages in 5 seconds and channel is what is seen.
"""

import hashlib
import re
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.emulators.discord.bodies import Body, read_body
from tests.emulators.discord.refusals import Refused, unauthorized
from tests.emulators.discord.trouble import (
    Hold,
    Limit,
    Request,
    Trouble,
    concerns,
    too_many,
    troubled,
    written,
)
from tests.emulators.discord.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BODY = web.RequestKey("body", Body)
VIA = {"Via": "1.1 google"}
"""Without it discord.py takes a 429 for a ban by the proxy in front of the real server."""


class Traffic:
    """All requests in order, and what hinders them; `broken` is what the stand-in cannot do."""

    def __init__(self, world: World, changed: Callable[[], None]) -> None:
        self.requests: list[Request] = []
        self.broken: list[Exception] = []
        self._world = world
        self._changed = changed
        self._limits: list[Limit] = []
        self._troubles: list[Trouble] = []
        self._holds: list[Hold] = []
        self._windows: dict[str, tuple[float, int]] = {}
        self._of_all: Limit | None = None

    # ------------------------------------------------------------------ what tests order

    def limit(self, method: str, path: str, count: int, per: float) -> None:
        """Allow so many requests to paths with this pattern in so many seconds."""
        self._limits.insert(0, Limit(method, re.compile(path), count, per))

    def limit_all(self, count: int, per: float) -> None:
        """Allow so many requests in so many seconds to the whole bot, interactions aside."""
        outside = re.compile(r"^/(?!interactions|webhooks)")
        self._of_all = Limit("", outside, count, per)

    def as_strict_as_seen(self) -> None:
        """Limit everything as bots see it: 5 messages in 5 seconds, 50 requests in a second."""
        self.limit("", r"^/channels/\d+/messages", count=5, per=5.0)
        self.limit("", r"^/channels/\d+/typing", count=5, per=5.0)
        self.limit("", r"/reactions/", count=1, per=0.25)
        self.limit("", r"^/webhooks/", count=5, per=2.0)
        self.limit_all(50, per=1.0)

    def fail(self, status: int, method: str = "", path: str = "", times: int = 1) -> None:
        """Answer the next such requests with 500, 502, 503 or another error of the server."""
        self._troubles.append(Trouble(method, re.compile(path), status, times))

    def too_many(
        self,
        retry_after: float,
        method: str = "",
        path: str = "",
        *,
        times: int = 1,
        everywhere: bool = False,
        banned: bool = False,
    ) -> None:
        """Answer with 429 for this one's limit, the limit `everywhere`, or as `banned`."""
        self._troubles.append(
            Trouble(method, re.compile(path), 429, times, retry_after, everywhere, banned)
        )

    def lose_answers(self, method: str = "", path: str = "", times: int = 1) -> None:
        """Carry the next such requests out, and cut the connection instead of answering."""
        self._troubles.append(Trouble(method, re.compile(path), 0, times))

    def hold(self, method: str = "", path: str = "") -> Hold:
        """Let such requests wait, before anything comes of them, until they are let go."""
        held = Hold(method, re.compile(path))
        self._holds.append(held)
        return held

    def well(self) -> None:
        """End all troubles, holds and limits."""
        self._troubles.clear()
        self._limits.clear()
        self._of_all = None
        for held in self._holds:
            held.let_go()
        self._holds.clear()

    def asked(self, method: str, path: str = "") -> list[Request]:
        """Return the requests of this method whose path has this pattern, in order."""
        return [one for one in self.requests if one.method == method and re.search(path, one.path)]

    # ------------------------------------------------------------------ what happens to one

    async def pass_on(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note a request, hinder it if it has to be, and answer it."""
        path = re.sub(r"^/api/v\d+", "", request.path)
        if path == request.path:  # the gateway and the files have no rules of the API
            return await handler(request)
        noted = Request(request.method, path, dict(request.query), time.monotonic())
        self.requests.append(noted)
        self._changed()
        try:
            response = await self._answer(request, handler, noted)
            noted.status = response.status
        except Refused as refused:
            noted.status = refused.status
            response = written(refused.body, refused.status)
        except Exception as broken:  # noqa: BLE001 - told at the end, or clients try it for ever
            self.broken.append(broken)
            response = written({"message": f"the stand-in: {broken!r}", "code": 0}, 501)
        self._changed()
        response.headers.update(VIA | self._headers(request, noted))
        return response

    async def _answer(
        self, request: web.Request, handler: Handler, noted: Request
    ) -> web.StreamResponse:
        body = await read_body(request)
        request[BODY] = body
        noted.body, noted.files = body.payload, tuple(one.name for one in body.files.values())
        for held in self._holds:
            if concerns(held, noted):
                held.reached.set()
                await held.released.wait()
        trouble = self._trouble(noted)
        if trouble is not None and trouble.status:
            return troubled(trouble)
        if not re.match(r"/(interactions|webhooks|gateway$)", noted.path):
            self._check_token(request)
        wait = self._wait_of_all(noted)
        if wait is not None:
            return too_many(wait, scope="global")
        wait = self._take(request, noted)
        if wait is not None:
            return too_many(wait, scope="user")
        response = await handler(request)
        if trouble is not None and request.transport is not None:
            request.transport.abort()
        return response

    def _check_token(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bot {self._world.token}":
            raise unauthorized()

    def _trouble(self, noted: Request) -> Trouble | None:
        for one in self._troubles:
            if one.times and concerns(one, noted):
                one.times -= 1
                return one
        return None

    def _wait_of_all(self, noted: Request) -> float | None:
        """Return how many seconds to wait for the limit of the whole bot, if at all."""
        limit = self._of_all
        if limit is None or not concerns(limit, noted):
            return None
        since = noted.began - limit.per
        lately = [one.began for one in self.requests if one.began > since and one.status < 300]
        taken = [one for one in lately if one <= noted.began][:-1]
        return taken[-limit.count] + limit.per - noted.began if len(taken) >= limit.count else None

    def _take(self, request: web.Request, noted: Request) -> float | None:
        """Take a place in the bucket; return how many seconds to wait if there is none."""
        limit = self._limit_of(noted)
        if limit is None:
            return None
        key, now = _bucket(request), time.monotonic()
        began, used = self._windows.get(key, (now, 0))
        if now >= began + limit.per:
            began, used = now, 0
        if used >= limit.count:
            return began + limit.per - now
        self._windows[key] = (began, used + 1)
        return None

    def _limit_of(self, noted: Request) -> Limit | None:
        return next((one for one in self._limits if concerns(one, noted)), None)

    def _headers(self, request: web.Request, noted: Request) -> dict[str, str]:
        limit, key, now = self._limit_of(noted), _bucket(request), time.monotonic()
        began, used = self._windows.get(key, (now, 0))
        count, per = (limit.count, limit.per) if limit else (1_000, 1.0)
        wait = max(0.0, began + per - now)
        return {
            "X-RateLimit-Limit": str(count),
            "X-RateLimit-Remaining": str(max(0, count - used)),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(_route(request).encode()).hexdigest()[:32],
        }


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else request.path}"


def _bucket(request: web.Request) -> str:
    found = request.match_info
    major = (found.get(name, "") for name in ("channel", "guild", "webhook", "token"))
    return " ".join([_route(request), *major])
