"""Taking secrets out of what is logged, wherever in a line they stand."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

MASK = "***"
SHORTEST_SECRET = 4
"""A shorter one would blot out ordinary words."""

SHAPES = re.compile(
    r"(?P<before>"
    r"\bBearer\s+"  # an Authorization header
    r"|/bot(?=\d+:)"  # a Telegram address holds the token
    r"|/(?:webhooks|interactions)/\d+/"  # a Discord address holds the right to answer
    r"|\bX-API-Key['\"]?[:=]\s*['\"]?"
    r"|\b(?:api[_-]?key|token|secret|password)['\"]?\s*[:=]\s*['\"]?"
    r"|://[^\s/:@]+:(?=[^\s/@]+@)"  # a password in an address
    r"|\b(?=sk-[\w-]{8})"  # the keys of several model providers
    r")(?P<secret>[^\s'\"<>,;@/\\&)\]}]+)",
    re.IGNORECASE,
)

Mask = Callable[[Any], Any]


def masking(secrets: Iterable[str]) -> Mask:
    """Return what masks these values, and everything that has the shape of a secret.

    It takes what JSON can hold, and turns anything else into text.
    """
    known = sorted(
        {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True
    )
    values = re.compile("|".join(map(re.escape, known))) if known else None

    def text(raw: str) -> str:
        if values is not None:
            raw = values.sub(MASK, raw)
        return SHAPES.sub(rf"\g<before>{MASK}", raw)

    def mask(value: Any) -> Any:
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return text(value)
            case Mapping():
                return {text(str(name)): mask(part) for name, part in value.items()}
            case list() | tuple() | set() | frozenset():
                return [mask(part) for part in value]
            case _:
                return text(str(value))

    return mask
