"""The rules across settings: each setting may be right, and together they are not."""

from collections.abc import Iterator
from ipaddress import ip_address

from config.settings import ApprovalSettings, LogSettings, ServerSettings
from config.values import OPERATOR

BROKEN = tuple[str, str, str]
"""The name of a setting, what is wrong with it, and an example."""

ADMINS_FOR_TWO = 2
SHORT_SECRET = 16


def server_rules(server: ServerSettings) -> Iterator[BROKEN]:
    """Strangers must not be the operator."""
    if not is_loopback(server.host) and not server.api_keys:
        yield (
            "HOST",
            f"{server.host} is open to other machines, and without API_KEYS all are the operator",
            f"HOST={server.host} with API_KEYS=ops:admin:a-long-secret",
        )


def approval_rules(server: ServerSettings, approvals: ApprovalSettings) -> Iterator[BROKEN]:
    """Whoever has to decide must exist. The keys of admins are admins too."""
    keys = {f"api:{key.name}" for key in server.api_keys if key.role == "admin"}
    admins = keys | set(approvals.admins)
    for tool, who in approvals.approvers.items():
        if who == "two" and len(admins) < ADMINS_FOR_TWO:
            few = "one is" if admins else "none is"
            wrong = f"APPROVERS wants two different admins for {tool!r}, and {few} named"
            yield "ADMINS", wrong, "ADMINS=telegram:12345,discord:678"
            return


def admin_key_rules(server: ServerSettings, approvals: ApprovalSettings) -> Iterator[BROKEN]:
    """An admin of the API is an admin key, or the operator."""
    roles = {key.name: key.role for key in server.api_keys} | {OPERATOR: "admin"}
    for person in approvals.admins:
        platform, _, name = person.partition(":")
        if platform != "api" or roles.get(name) == "admin":
            continue
        what = "is the key of an app" if name in roles else "is no key in API_KEYS"
        yield (
            "ADMINS",
            f"{name!r} in {person!r} {what}; the API's admins are its admin keys and api:operator",
            f"ADMINS={person} with API_KEYS={name}:admin:a-long-secret",
        )


def admin_chat_rules(server: ServerSettings, logs: LogSettings) -> Iterator[BROKEN]:
    """Somebody must be able to fetch an alarm: with keys each mailbox of the API is a key's."""
    keys = {key.name for key in server.api_keys}
    for chat in logs.admin_chat:
        platform, _, name = chat.partition(":")
        key, _, user_id = name.partition("/")
        if platform != "api" or not keys or (key in keys and user_id):
            continue
        wrong = f"with API_KEYS the people of HTTP are api:key/user_id, and nobody is {chat!r}"
        yield (
            "ADMIN_CHAT",
            wrong,
            "ADMIN_CHAT=api:ops/alarms with API_KEYS=ops:admin:a-long-secret",
        )


def advice(server: ServerSettings) -> Iterator[str]:
    """Yield what is allowed and not wise."""
    for key in server.api_keys:
        if len(key.secret.get_secret_value()) < SHORT_SECRET:
            yield f"The secret of API key {key.name!r} has fewer than {SHORT_SECRET} characters."


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
