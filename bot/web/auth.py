"""Who comes in: a key, or without keys whoever is on this machine."""

import hmac
from collections.abc import Collection
from hashlib import blake2b

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.api import Caller, Problem, ProblemResponse
from adapters.api.caller import OPERATOR
from bot.web.hosts import objection
from bot.web.options import ApiKey, WebOptions

#: These say nothing about anybody, and monitors and browsers ask for them without a key.
PUBLIC = frozenset({"/health", "/ready", "/docs", "/openapi.json"})


class Keys:
    """The keys, compared so that the time taken tells nothing about them."""

    def __init__(self, keys: Collection[ApiKey]) -> None:
        self._callers = [(_digest(key.secret.encode()), Caller(key.name, key.role)) for key in keys]

    def caller_of(self, headers: Headers) -> Caller | None:
        """Find whose secret stands in the headers; None if none does, or two that differ."""
        presented = set()
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            presented.add(token.strip())
        if key := headers.get("x-api-key", "").strip():
            presented.add(key)
        if len(presented) != 1:
            return None
        digest = _digest(presented.pop().encode("latin-1"))  # as the header's bytes came
        found = None
        for known, caller in self._callers:  # all of them, also after a match
            if hmac.compare_digest(known, digest):
                found = caller
        return found


def _digest(secret: bytes) -> bytes:
    return blake2b(secret).digest()


class Door:
    """Lets a request in, and notes its caller for the routes, or answers 401 or 403 itself.

    With `operator` it is the control socket's: the file's rights have decided already.
    """

    def __init__(self, app: ASGIApp, options: WebOptions, *, operator: bool) -> None:
        self._app = app
        self._keys = Keys(options.keys)
        self._keyed = bool(options.keys)
        self._operator = operator
        self._allowed_hosts = options.allowed_hosts
        self._hooks = frozenset(hook.path for hook in options.hooks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            scope.setdefault("state", {})["caller"] = self._let_in(scope)
        except Problem as problem:
            await ProblemResponse(problem)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _let_in(self, scope: Scope) -> Caller | None:
        if self._operator:
            return OPERATOR
        if scope["path"] in self._hooks:
            return None
        headers = Headers(scope=scope)
        if not self._keyed:
            if why := objection(headers, scope["method"], self._allowed_hosts):
                raise Problem(403, why)
            return OPERATOR
        caller = self._keys.caller_of(headers)
        if caller is None and scope["path"] not in PUBLIC:
            raise Problem(
                401,
                "Send a key of API_KEYS as `Authorization: Bearer …` or as `X-API-Key: …`.",
                headers={"WWW-Authenticate": 'Bearer realm="threadline"'},
            )
        return caller
