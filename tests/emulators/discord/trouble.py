"""What can hinder a request, and how the real server words it.

Headers and bodies of 429: developer documentation, "Rate limits".
"""

import asyncio
import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.emulators.discord.world import JSON


@dataclass(eq=False)
class Request:
    """One request as it came: `began` in seconds of the monotonic clock, `status` 0 until answered.

    `path` is what follows the version, without the query.
    """

    method: str
    path: str
    query: dict[str, str]
    began: float
    body: Any = None
    files: tuple[str, ...] = ()
    status: int = 0


@dataclass
class Limit:
    """At most `count` requests in `per` seconds for each channel, server or webhook."""

    method: str
    path: re.Pattern[str]
    count: int
    per: float


@dataclass
class Trouble:
    """What happens to the next `times` requests that match.

    `status` is answered; 0 carries the request out and loses the answer on the way back.
    """

    method: str
    path: re.Pattern[str]
    status: int
    times: int
    retry_after: float = 0.0
    everywhere: bool = False
    banned: bool = False


@dataclass(eq=False)
class Hold:
    """Requests that match wait: `reached` tells that one does, `let_go` lets them all on."""

    method: str
    path: re.Pattern[str]
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def let_go(self) -> None:
        self.released.set()


def written(data: object, status: int = 200) -> web.Response:
    """Return JSON; the type is written without a charset, as discord.py insists."""
    return web.Response(
        body=json.dumps(data).encode(), status=status, content_type="application/json"
    )


def concerns(rule: Limit | Trouble | Hold, noted: Request) -> bool:
    """Say whether a rule is about this request."""
    return rule.method in ("", noted.method) and rule.path.search(noted.path) is not None


def troubled(trouble: Trouble) -> web.Response:
    """Return the answer of a server in trouble."""
    if trouble.status == 429:
        scope = "global" if trouble.everywhere else "shared"
        response = too_many(trouble.retry_after, scope=scope)
        if not trouble.banned:
            return response
    if trouble.status in (500, 502) and not trouble.banned:
        return written({"message": f"{trouble.status}: Server Error", "code": 0}, trouble.status)
    later = {"Retry-After": str(math.ceil(trouble.retry_after))} if trouble.banned else {}
    return web.Response(status=trouble.status, text="<html>error code: 1015</html>", headers=later)


def too_many(wait: float, scope: str) -> web.Response:
    """Return a 429: `scope` is this bot's limit (user), the channel's (shared), or all (global)."""
    everywhere = scope == "global"
    told: JSON = {
        "message": "You are being rate limited.",
        "retry_after": round(wait, 3),
        "global": everywhere,
    }
    response = written(told, 429)
    response.headers["Retry-After"] = str(math.ceil(wait))
    response.headers["X-RateLimit-Scope"] = scope
    if everywhere:
        response.headers["X-RateLimit-Global"] = "true"
    return response
