"""Taking words out of the tables: who, when and what was decided stay, the words do not.

A message keeps its row, so that a copy of it that comes later is still known for one. Arguments
become a hash: who has the words can prove that they are what was decided.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    update,
)

from sessions.checksums import COVERED, change_sealed
from sessions.data_tables import note_changed
from sessions.models import Place
from sessions.platform_tables import files
from sessions.tables import (
    IS_UNDELIVERED,
    approvals,
    conversations,
    dead_letters,
    ledger,
    messages,
    parts,
    votes,
)

PLACE = tuple(field.name for field in fields(Place))
ENDED = ("answered", "rejected", "dead")
BOTS = ("written", "showing", "delivered", "dead")
#: Commands whose answers have words of other conversations than the one they are given in.
QUOTING = ("/resume", "/search", "/tag", "/export")
#: What may stand before a command; SQL's own idea of it is the space alone.
BLANK = "".join(filter(str.isspace, map(chr, range(0x3001))))
WRITTEN = func.lower(func.ltrim(messages.c.text, BLANK))


def erase_messages(db: Connection, which: ColumnElement[bool]) -> None:
    """Empty the texts and names of messages; what was not shown yet never will be."""
    note_changed(db, which)
    whose = select(messages.c.id).where(which)
    db.execute(delete(parts).where(parts.c.shows.in_(whose)))
    db.execute(delete(dead_letters).where(dead_letters.c.message_id.in_(whose)))
    db.execute(delete(files).where(files.c.message_id.in_(whose)))
    state = case((IS_UNDELIVERED, "delivered"), else_=messages.c.state)
    emptied = {"text": "", "sender_name": "", "state": state, "files": 0}
    change_sealed(db, messages, update(messages).where(which).values(emptied))


def erase_conversation(db: Connection, thread_id: str, place: Place, *, but: str) -> None:
    """Erase a conversation, and what a person said in `place` that belongs to none.

    `but` is the message that asked for it. What is being worked on is left to whoever does so.
    """
    unbound = and_(
        messages.c.thread_id == "",
        messages.c.role == "user",
        *(messages.c[part] == getattr(place, part) for part in PLACE),
    )
    lists = and_(
        messages.c.platform == place.platform,
        or_(messages.c.user_id == place.user_id, messages.c.chat_id == place.chat_id),
        or_(*(WRITTEN.like(f"{each}%") for each in QUOTING)),
    )
    asked = select(messages.c.id).where(or_(unbound, lists), messages.c.state.in_(ENDED))
    ids = list(db.execute(asked).scalars())
    for answers in in_portions(ids):
        erase_messages(db, messages.c.answers.in_(answers))
        erase_messages(db, and_(messages.c.id.in_(answers), messages.c.thread_id == ""))
    erase_quotes(db, approvals.c.thread_id == thread_id, but=but)
    here = messages.c.thread_id == thread_id
    erase_messages(db, and_(here, messages.c.state.in_((*ENDED, *BOTS)), messages.c.id != but))
    db.execute(delete(conversations).where(conversations.c.id == thread_id))
    hash_decisions(db, thread_id)


def hash_decisions(db: Connection, thread_id: str) -> None:
    """Let the words of a conversation's approvals and actions be their hashes."""
    asked_for = approvals.c.thread_id == thread_id
    hash_rows(db, approvals, asked_for, actions=hashed_actions, verdicts=hashed_verdicts)
    db.execute(update(approvals).where(asked_for).values(decided_name=""))
    cast = votes.c.approval_id.in_(select(approvals.c.id).where(asked_for))
    hash_rows(db, votes, cast, verdicts=hashed_verdicts)
    ran = ledger.c.thread_id == thread_id
    hash_rows(db, ledger, ran, arguments=hashed, result=hashed)


def erase_quotes(db: Connection, which: ColumnElement[bool], *, but: str) -> None:
    """Erase what is said elsewhere of approvals that have their words: their ids name them.

    Lists of what is open show their actions, decisions by command may have reasons and arguments.
    """
    asked = db.execute(
        select(approvals.c.id, approvals.c.actions, messages.c.number)
        .join(messages, messages.c.id == approvals.c.message_id)
        .where(which)
    ).all()
    asked = [each for each in asked if hashed_actions(each.actions) != each.actions]
    # What was said before they were asked cannot name them, and need not be looked through.
    since = messages.c.number > min((each.number for each in asked), default=0)
    for ids in in_portions([each.id for each in asked], size=50):
        named = or_(*(messages.c.text.contains(each) for each in ids))
        ended = messages.c.state.in_((*ENDED, *BOTS))
        found = select(messages.c.id).where(since, ended, named, messages.c.id != but)
        for quotes in in_portions(list(db.execute(found).scalars())):
            which = or_(messages.c.id.in_(quotes), messages.c.answers.in_(quotes))
            erase_messages(db, which)


def hashed(words: Any) -> Any:
    """Give the hash that stands for words; doing it again changes nothing."""
    if words in (None, "", {}, []) or _is_hash(words):
        return words
    canonical = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return {"sha256": hashlib.sha256(canonical.encode()).hexdigest()}


def _is_hash(words: Any) -> bool:
    return isinstance(words, Mapping) and set(words) == {"sha256"}


def hashed_actions(actions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give actions with hashes in the place of their words."""
    # A graph's own question to a person is a description, and so words.
    return [
        {**action, "arguments": hashed(action["arguments"]), "description": _short(action)}
        for action in actions
    ]


def _short(action: Mapping[str, Any]) -> str:
    return _text_hash(action["description"])


def hashed_verdicts(verdicts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give verdicts with hashes in the place of their words."""
    kept = ("type", "for")
    return [
        {
            name: value
            if name in kept
            else _text_hash(value)
            if isinstance(value, str)
            else hashed(value)
            for name, value in verdict.items()
        }
        for verdict in verdicts
    ]


def _text_hash(text: str) -> str:
    if not text or text.startswith("sha256:"):
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def hash_rows(db: Connection, table: Table, which: ColumnElement[bool], **columns: Any) -> None:
    """Put hashes in the place of what stands in columns of these rows."""
    for row in db.execute(select(table).where(which)).mappings().all():
        values = {name: how(row[name]) for name, how in columns.items()}
        change = update(table).where(table.c.number == row["number"]).values(values)
        if table.name in COVERED:
            change_sealed(db, table, change)
        else:
            db.execute(change)


def in_portions(ids: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    """Cut a list in pieces that fit into one statement."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
