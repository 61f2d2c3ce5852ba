"""Conversations in JSON: a file each, many in one, and users with theirs."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from sessions.migrating.columns import (
    AT,
    BEGAN,
    LAST,
    SESSION,
    THREAD,
    TITLE,
    Columns,
    names_of,
    plain,
    said_in,
    time_of,
    value,
)
from sessions.migrating.found import Live, Remarks, Said, SourceRefused, Talk
from sessions.migrating.places import Place, text_of

MANY = ("conversations", "sessions", "chats", "threads", "history")
MESSAGES = ("messages", "history", "chat_history")
BCRYPT = re.compile(r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}")
SECRETS = re.compile(r"passw|secret|token|api_?key|salt", re.IGNORECASE)
PASSWORDS = "Passwords and keys stay where they are: people come in by their platform here."
USED_OF_USERS = frozenset(
    {"id", "user_id", "userid", "telegram_id", "discord_id", "username", "user_name", "email",
     "name", "platform", "created_at", "created", *MANY, "messages", "chat_history"}
)  # fmt: skip
USED = frozenset(
    {"id", *SESSION, *THREAD, *AT, *BEGAN, *LAST, *TITLE, *MESSAGES, "messages", "message_count",
     "user_id", "userid", "user", "username", "platform", "owner", "person", "telegram_id",
     "discord_id", "owner_id", "user_name", "email"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A file whose JSON holds conversations."""

    place: Place
    kind: str
    found: Any

    @property
    def name(self) -> str:
        """Its name below what was asked for."""
        return self.place.name

    def talks(self, remarks: Remarks) -> Iterator[Talk]:
        """Give the conversations in it."""
        found, stem = self.found, PurePath(self.name).stem
        if isinstance(found, dict) and isinstance(found.get("users"), list | dict):
            yield from _of_users(found, self.name, remarks)
        elif isinstance(found, dict) and _is_talk(found):
            yield from _talk(found, stem, (), self.name, remarks)
        else:
            many = found if isinstance(found, list) else value(found, _many_in(found))
            if _are_users(many):
                yield from _of_users({"users": many}, self.name, remarks)
            else:
                yield from _all(many, (), self.name, remarks)

    def sessions(self, remarks: Remarks) -> Iterator[Live]:
        """Give none: these files have no live sessions."""
        del remarks
        return iter(())


def json_file(place: Place) -> JsonFile | None:
    """Read a file of JSON; None if there are no conversations in it.

    Raises:
        SourceRefused: it is not JSON, with the place.
    """
    text = text_of(place)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceRefused(
            f"{place.name} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error
    except (RecursionError, ValueError) as error:
        raise SourceRefused(
            f"{place.name} is nested too deep, or has too long a number."
        ) from error
    kind = ""
    if isinstance(found, dict):
        if isinstance(found.get("users"), list | dict):
            kind = "an export of users"
        elif _is_talk(found):
            kind = "a conversation in JSON"
        elif _holds_talks(value(found, _many_in(found))):
            kind = "conversations in JSON"
    elif _are_users(found):
        kind = "an export of users"
    elif _holds_talks(found):
        kind = "conversations in JSON"
    return JsonFile(place, kind, found) if kind else None


def _is_talk(found: Any) -> bool:
    if not isinstance(found, dict):
        return False
    said = found.get(Columns(tuple(found)).first(MESSAGES))
    return isinstance(said, list) and all(
        isinstance(each, dict) and Columns(tuple(each)).hold_words for each in said[:1]
    )


def _many_in(found: Mapping[str, Any]) -> str:
    return next((name for name in MANY if isinstance(found.get(name), list | dict)), "")


def _holds_talks(found: Any) -> bool:
    if isinstance(found, dict):
        found = list(found.values())
    return isinstance(found, list) and any(map(_is_talk, found))


def _are_users(found: Any) -> bool:
    return isinstance(found, list) and any(
        isinstance(each, dict) and bool(names_of(each) or each.get("id")) and
        (any(map(SECRETS.search, each)) or _holds_talks(each.get(_many_in(each))))
        and not _is_talk(each)
        for each in found
    )  # fmt: skip


def _of_users(found: Mapping[str, Any], name: str, remarks: Remarks) -> Iterator[Talk]:
    users = found["users"]
    listed = (
        [{"id": key, **each} if isinstance(each, dict) else each for key, each in users.items()]
        if isinstance(users, dict)
        else users
    )
    by_id: dict[str, tuple[str, ...]] = {}
    for number, user in enumerate(listed, 1):
        where = f"{name}, user {number}"
        if not isinstance(user, dict):
            remarks.leave_out(where, "It is no object.")
            continue
        who = names_of({"user_id": user.get("id"), **user})
        by_id |= dict.fromkeys(reversed(who), who)
        _leave_secrets(user, name, remarks)
        its = _many_in(user)
        if isinstance(user.get("messages"), list):
            yield from _talk({"messages": user["messages"]}, "messages", who, where, remarks)
        if its:
            yield from _all(user[its], who, where, remarks)
    for each in MANY:
        if isinstance(found.get(each), list | dict):
            yield from _all(_with_messages(found, found[each]), (), name, remarks, by_id)
    for field in sorted(set(found) - {"users", *MANY, "messages"}):
        remarks.leave_out(f"{field} in {name}", "It is no conversation.")


def _with_messages(found: Mapping[str, Any], talks: Any) -> Any:
    """Put messages that stand in a list of their own into their conversations."""
    loose = found.get("messages")
    if not isinstance(loose, list) or not isinstance(talks, list):
        return talks
    by_talk: dict[str, list[Any]] = {}
    for each in loose:
        if isinstance(each, dict):
            key = plain(value(each, Columns(tuple(each)).first((*SESSION, *THREAD, "chat_id"))))
            by_talk.setdefault(key, []).append(each)
    return [
        {**each, "messages": each.get("messages", by_talk.get(_key(each), []))}
        if isinstance(each, dict)
        else each
        for each in talks
    ]


def _leave_secrets(user: Mapping[str, Any], name: str, remarks: Remarks) -> None:
    for field, content in user.items():
        is_hash = isinstance(content, str) and BCRYPT.fullmatch(content)
        if is_hash or SECRETS.search(field):
            remarks.leave_out(f"{field} of users in {name}", PASSWORDS)
        elif field.lower() not in USED_OF_USERS:
            remarks.leave_out(f"{field} of users in {name}", "There is no place for it here.")


def _all(
    many: Any,
    who: tuple[str, ...],
    name: str,
    remarks: Remarks,
    by_id: Mapping[str, tuple[str, ...]] | None = None,
) -> Iterator[Talk]:
    if isinstance(many, dict):
        many = [
            {"id": key, **each} if isinstance(each, dict) else {"id": key, "messages": each}
            for key, each in many.items()
        ]
    for number, each in enumerate(many, 1):
        where = f"{name}, conversation {number}"
        if isinstance(each, list):
            each = {"id": str(number), "messages": each}  # noqa: PLW2901 - the same, with its key
        if not isinstance(each, dict):
            remarks.leave_out(where, "It is no object.")
            continue
        named = who or names_of(each)
        for one in named:
            if by_id and one in by_id:
                named = by_id[one]
                break
        yield from _talk(each, str(number), named, where, remarks)


def _key(found: Mapping[str, Any]) -> str:
    columns = Columns(tuple(found))
    return plain(value(found, columns.first((*SESSION, *THREAD, "id"))))


def _talk(
    found: Mapping[str, Any], key: str, who: tuple[str, ...], where: str, remarks: Remarks
) -> Iterator[Talk]:
    columns = Columns(tuple(found))
    messages = value(found, columns.first(MESSAGES))
    if not isinstance(messages, list):
        remarks.leave_out(where, "It has no list of messages.")
        return
    said: list[Said] = []
    for number, each in enumerate(messages, 1):
        place = f"{where}, message {number}"
        if not isinstance(each, dict):
            remarks.leave_out(place, "It is no object.")
        elif not Columns(tuple(each)).hold_words:
            remarks.leave_out(place, "It has no role or no content.")
        else:
            said += said_in(each, place, remarks)
    for field in sorted(found):
        if field.lower() not in USED:
            remarks.leave_out(f"{field} beside messages", "It is not what was said.")
    began = time_of(value(found, columns.first((*BEGAN, *AT))))
    title = plain(value(found, columns.first(TITLE)))
    yield Talk(_key(found) or key, who or names_of(found), said, title, began)
