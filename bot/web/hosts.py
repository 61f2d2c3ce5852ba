"""Which host names a request may carry where no key protects it.

A page from elsewhere can make a browser call this machine: by its name resolving to 127.0.0.1
(DNS rebinding), or simply across sites. Such a request carries a foreign Host or Origin.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers

LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost"})


def is_loopback(host: str) -> bool:
    """Say whether a name or address can only mean this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name in LOOPBACK_NAMES or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def objection(headers: Headers, method: str, allowed: Collection[str]) -> str:
    """Say why a request must not be answered; empty if it may."""
    host = headers.get("host", "")
    if not _is_ours(host, allowed):
        return (
            f"The Host {_printable(host)} is not served here. Without API keys only names of "
            "this machine are, and those in ALLOWED_HOSTS."
        )
    origin = headers.get("origin")
    if origin is not None and not _same_place(origin, host, allowed):
        return f"Requests from pages of {_printable(origin)} are refused. Set API_KEYS for them."
    site = headers.get("sec-fetch-site", "none")
    opens_a_page = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
    if site not in {"none", "same-origin"} and not opens_a_page:
        return "Requests from pages of other sites are refused. Set API_KEYS for them."
    return ""


def _same_place(origin: str, host: str, allowed: Collection[str]) -> bool:
    """Compare with the Host, port and all: another port of this machine is another site."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    names = {entry.lower() for entry in allowed}
    return parts.netloc.lower() == host.lower() or (parts.hostname or "") in names


def _is_ours(host: str, allowed: Collection[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    names = {entry.lower() for entry in allowed}
    return bool(name) and (is_loopback(name) or name in names or host.lower() in names)


def _printable(header: str) -> str:
    return ascii(header[:100])
