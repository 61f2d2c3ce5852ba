"""What the server is told: plain values, read from the settings by the composition root."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fastapi import APIRouter


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A program that may speak to us: API_KEYS is a list of these."""

    name: str
    role: Literal["app", "admin"]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hook:
    """A route to which a platform posts; it checks by itself who that is."""

    path: str
    router: APIRouter


@dataclass(frozen=True, slots=True)
class WebOptions:
    """Where to listen and whom to let in.

    Without `keys` it listens on loopback only, and whoever reaches it there is the operator.
    `allowed_hosts` are further names in the Host header, for proxies. `stop_seconds` is how long
    open responses may take to end when the server stops. Port 0 takes any free one. `hooks` are
    for platforms, from outside.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    keys: tuple[ApiKey, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    control_socket: Path | None = None
    stop_seconds: float = 5
    version: str = ""
    hooks: tuple[Hook, ...] = ()
