"""Columns and fields by the names that simple bots give them, and values as they write them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sessions.checked_rows import EARLIEST, LATEST
from sessions.migrating.found import Remarks, Role, Said

SESSION = (
    "session_id",
    "sessionid",
    "session",
    "conversation_id",
    "conversation",
    "chat_session_id",
)
THREAD = ("thread_id", "threadid", "thread")
PERSON = (
    "user_id", "userid", "telegram_id", "discord_id", "person", "owner", "owner_id", "user",
    "username", "user_name", "email",
)  # fmt: skip
PLATFORM = ("platform", "channel", "service")
BEGAN = ("created_at", "created", "started_at", "start_time", "started", "createdat", "create_time")
LAST = (
    "last_activity", "last_active", "last_seen", "last_message_at", "updated_at", "updatedat",
    "update_time", "last_updated", "last_accessed",
)  # fmt: skip
AT = ("timestamp", "time", "at", "date", "sent_at", "ts", "datetime", *BEGAN)
ROLE = ("role", "sender", "author", "speaker", "from", "type", "message_type", "log_type")
TEXT = ("content", "message", "text", "body")
ASKED = ("user_message", "question", "query", "prompt", "human", "user_input", "input")
ANSWERED = ("assistant_response", "bot_response", "ai_response", "assistant_reply", "response",
            "answer", "reply", "bot_message", "output")  # fmt: skip
TITLE = ("title", "name", "topic", "subject", "research_question")

PEOPLE_SAY = frozenset({"user", "human", "person", "me", "you", "customer", "client"})
BOTS_SAY = frozenset({"assistant", "ai", "bot", "model", "chatbot", "agent", "gpt", "llm"})
NOBODY_SAYS = frozenset(
    {"system", "tool", "function", "developer", "debug", "error", "log", "info", "thought",
     "tool_call", "tool_result", "internal"}
)  # fmt: skip

LONGEST_TEXT = 1_000_000
LONGEST_NAME = 200
MILLISECONDS_FROM = 100_000_000_000
"""Numbers from here on are milliseconds since 1970: as seconds they would be after 5138."""

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which of some names mean what; empty where none does."""

    names: tuple[str, ...]

    def first(self, wanted: Sequence[str]) -> str:
        """Give the name that stands for something, the most usual first."""
        by_small = {name.strip().lower(): name for name in reversed(self.names)}
        return next((by_small[each] for each in wanted if each in by_small), "")

    def all(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Give all names that stand for something, the most usual first."""
        by_small = {name.strip().lower(): name for name in reversed(self.names)}
        return tuple(by_small[each] for each in wanted if each in by_small)

    @property
    def hold_words(self) -> bool:
        """Whether what was said stands there."""
        has_role = bool(self.first(ROLE)) and bool(self.first(TEXT))
        return has_role or bool(self.first(ASKED) and self.first(ANSWERED))


def said_in(row: Mapping[str, Any], where: str, remarks: Remarks) -> Iterator[Said]:
    """Give what was said in a row: one message, or a question with its answer."""
    columns = Columns(tuple(row))
    at = time_of(value(row, columns.first(AT)))
    if at is None and columns.first(AT) and value(row, columns.first(AT)) not in (None, ""):
        remarks.change(where, "Its time cannot be read.")
    text_column, asked = columns.first(TEXT), columns.first(ASKED)
    if columns.first(ROLE) and text_column:
        role, name = _role(row, columns)
        if role is None:
            why = f"It is of the role {name!r}, in which nobody speaks."
            remarks.leave_out(f"messages in {where.partition(',')[0]}", why)
            return
        text = words(row[text_column], where, remarks)
        if text:
            yield Said(role, text, at, "" if name.lower() in PEOPLE_SAY | BOTS_SAY else name)
        return
    for column, says in ((asked, "user"), (columns.first(ANSWERED), "assistant")):
        if text := words(value(row, column), where, remarks):
            yield Said("user" if says == "user" else "assistant", text, at)


def _role(row: Mapping[str, Any], columns: Columns) -> tuple[Role | None, str]:
    """Say who speaks, and how the file names them; a name that is no role is a bot's."""
    given = [row[each] for each in columns.all(ROLE) if row[each] not in (None, "")]
    named = [UNSTORABLE.sub("\ufffd", str(each)).strip()[:LONGEST_NAME] for each in given]
    for each in named:
        small = each.lower()
        if small in PEOPLE_SAY:
            return "user", each
        if small in BOTS_SAY:
            return "assistant", next((one for one in named if one.lower() not in BOTS_SAY), "")
        if small in NOBODY_SAYS:
            return None, each
    return ("assistant", named[0]) if named else (None, "")


def words(found: Any, where: str, remarks: Remarks) -> str:
    """Give a text as it can be stored; empty, with a remark, if it is none."""
    if isinstance(found, list):
        found = _parts(found, where, remarks)
    if found is None or found == "":
        remarks.leave_out(f"messages in {where.partition(',')[0]}", "They have no text.")
        return ""
    text = str(found)
    if not isinstance(found, str):
        remarks.leave_out(where, f"Its text is {_named(found)} and no text.")
        return ""
    if len(text) > LONGEST_TEXT:
        remarks.leave_out(where, f"It is longer than {LONGEST_TEXT:,} characters.")
        return ""
    if UNSTORABLE.search(text):
        remarks.change(where, "Characters that no text can have are replaced.")
        text = UNSTORABLE.sub("\ufffd", text)
    if not text.strip():
        remarks.leave_out(f"messages in {where.partition(',')[0]}", "They have no text.")
        return ""
    return text


def _parts(found: Sequence[Any], where: str, remarks: Remarks) -> str:
    """Put the parts of a text together; what is no text of it is left out."""
    texts = []
    for part in found:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            texts.append(text)
        else:
            remarks.leave_out(
                f"parts of messages in {where.partition(',')[0]}", "They are no text."
            )
    return "\n".join(texts)


def time_of(found: Any) -> datetime | None:
    """Read a time as files have it; one without a zone is UTC. None if it is none."""
    at = _time_of(found)
    return at if at is not None and EARLIEST <= at <= LATEST else None


def _time_of(found: Any) -> datetime | None:
    if isinstance(found, str):
        text = found.strip()
        try:
            found = float(text)
        except ValueError:
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                return None
            try:
                return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
            except OverflowError:
                return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        seconds = found / 1000 if abs(found) >= MILLISECONDS_FROM else found
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def value(row: Mapping[str, Any], column: str) -> Any:
    """Give what stands in a column; None if there is no such column."""
    return row[column] if column else None


def names_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the names that a row has for its person, the best first."""
    columns = Columns(tuple(row))
    platform = plain(value(row, columns.first(PLATFORM)))
    names: list[str] = []
    for column in columns.all(PERSON):
        found = row[column]
        if isinstance(found, dict):
            names += names_of({"user_id": found.get("id"), **found})
            continue
        name = plain(found)
        if not name:
            continue
        small = column.strip().lower()
        of = small.removesuffix("_id") if small in ("telegram_id", "discord_id") else platform
        if of and not name.startswith((f"{of}_", f"{of}:")):
            names.append(f"{of}:{name}")
        names.append(name)
    return tuple(dict.fromkeys(names))


def plain(found: Any) -> str:
    """Give a short value as a text; empty if it is none."""
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    text = str(found).strip()
    return "" if UNSTORABLE.search(text) or len(text) > LONGEST_NAME else text


def _named(found: Any) -> str:
    return {dict: "an object", bool: "true or false", bytes: "bytes"}.get(
        type(found), "a number" if isinstance(found, int | float) else "something else"
    )
