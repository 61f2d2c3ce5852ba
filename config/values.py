"""The values that settings are made of, and how each is read from its text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar, cast, get_args
from urllib.parse import urlsplit

from pydantic import SecretStr

Role = Literal["app", "admin"]
Decider = Literal["requester", "admins", "two"]

KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
PERSON = re.compile(r"[a-z][a-z0-9_-]*:\S+")
IMPORT_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
TELEGRAM_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
OPERATOR = "operator"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key of the HTTP API: an app speaks for its people, an admin decides as itself."""

    name: str
    role: Role
    secret: SecretStr


def time_of_day(text: str) -> str:
    """Check a time such as ``03:30``, or ``off``."""
    if text.lower() == "off":
        return "off"
    if not TIME_OF_DAY.fullmatch(text):
        raise ValueError("it is neither a time of day, from 00:00 to 23:59, nor off")
    return text


def parts(text: object) -> object:
    """Split a comma list; what is a list already passes."""
    if isinstance(text, str):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def api_keys(text: object) -> object:
    """Read ``name:role:secret,…``. No message holds a secret."""
    if not isinstance(text, str):
        return text
    keys = tuple(
        _api_key(part, number)
        for number, part in enumerate(cast("tuple[str, ...]", parts(text)), 1)
    )
    if len({key.name for key in keys}) < len(keys):
        raise ValueError("two keys have the same name")
    if len({key.secret.get_secret_value() for key in keys}) < len(keys):
        raise ValueError("two keys have the same secret")
    return keys


def _api_key(part: str, number: int) -> ApiKey:
    fields = [field.strip() for field in part.split(":", 2)]
    if len(fields) < len(("name", "role", "secret")) or not fields[2]:
        raise ValueError(f"key number {number} is not written as name:role:secret")
    name, role, secret = fields
    if not KEY_NAME.fullmatch(name):
        raise ValueError(
            f"the name of key number {number} is not made of letters, digits, '_', '.' and '-'"
        )
    if name == OPERATOR:
        raise ValueError(f"no key may be named {OPERATOR!r}: that is who uses the control socket")
    if role not in get_args(Role):
        raise ValueError(f"the role of key {name!r} is neither app nor admin")
    return ApiKey(name, cast("Role", role), SecretStr(secret))


def approvers(text: object) -> object:
    """Read ``tool:who,…``; the tool ``*`` stands for every tool that is not named."""
    if not isinstance(text, str):
        return text
    rules: dict[str, str] = {"*": "requester"}
    named: set[str] = set()
    for part in cast("tuple[str, ...]", parts(text)):
        tool, _, who = (piece.strip() for piece in part.rpartition(":"))
        if not tool or who not in get_args(Decider):
            raise ValueError(f"{part!r} is not a tool, a colon, and one of {alternatives(Decider)}")
        if tool in named:
            raise ValueError(f"{tool!r} is named twice")
        named.add(tool)
        rules[tool] = who
    return rules


def people(value: tuple[str, ...]) -> tuple[str, ...]:
    """Check that each is written as ``platform:id``; the same one twice counts once."""
    for person in value:
        if not PERSON.fullmatch(person):
            raise ValueError(f"{person!r} is not written as platform:id")
    return tuple(dict.fromkeys(value))


def chat(value: str) -> str:
    """Check that it is empty or written as ``platform:id``."""
    if value and not PERSON.fullmatch(value):
        raise ValueError(f"{value!r} is not written as platform:id")
    return value


def import_paths(value: tuple[str, ...]) -> tuple[str, ...]:
    """Check that each is written as ``package.module:name``."""
    for path in value:
        import_path(path)
    return value


def import_path(value: str) -> str:
    """Check that it is empty or written as ``package.module:name``."""
    if value and not IMPORT_PATH.fullmatch(value):
        raise ValueError(f"{value!r} is not written as package.module:name")
    return value


def web_address(value: str) -> str:
    """Check that it is empty or an http address with a host."""
    if value:
        address = urlsplit(value)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError("is not an address that begins with http:// or https://")
    return value


def socket_address(value: str) -> str:
    """Check that it is empty or a WebSocket address with a host."""
    if value:
        address = urlsplit(value)
        if address.scheme not in {"ws", "wss"} or not address.hostname:
            raise ValueError("is not an address that begins with ws:// or wss://")
    return value


def telegram_token(value: SecretStr) -> SecretStr:
    """Check that it is empty or written as BotFather writes it. No message holds it."""
    secret = value.get_secret_value()
    if secret and not TELEGRAM_TOKEN.fullmatch(secret):
        raise ValueError("is not written as BotFather writes tokens, such as 123456789:AAE…")
    return value


def upper(value: object) -> object:
    """Let ``info`` mean ``INFO``."""
    return value.strip().upper() if isinstance(value, str) else value


def lower(value: object) -> object:
    """Let ``People`` mean ``people``."""
    return value.strip().lower() if isinstance(value, str) else value


def alternatives(literal: object) -> str:
    """Name the choices of a Literal: ``a, b or c``."""
    names = [str(name) for name in get_args(literal)]
    return f"{', '.join(names[:-1])} or {names[-1]}"


def secret_texts(keys: tuple[ApiKey, ...]) -> tuple[str, ...]:
    """Return what must never be shown."""
    return tuple(key.secret.get_secret_value() for key in keys)


def decider_of(rules: Mapping[str, Decider], tool: str) -> Decider:
    """Return who decides about a tool."""
    return rules.get(tool, rules.get("*", "requester"))
