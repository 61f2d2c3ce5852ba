"""Many messages in data/conversations.db, written at once into the tables that the bot has made."""

import asyncio
import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from sessions.database import Database

PEOPLE, LENGTH = 2_000, 50
START, STEP = 1_790_000_000_000_000, 7_000_000  # microseconds
SYLLABLES = [one + other for one in "bdgklmnrst" for other in "aeo"]
VOCABULARY = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES]
AT_ONCE = 20_000

MESSAGE = """
INSERT INTO messages (id, role, text, platform, chat_id, user_id, topic_id, created_at, state,
    thread_id, session_id, sender_name, sent_at, answers, attempts)
VALUES (?, ?, ?, 'memory', ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?)
"""
CONVERSATION = """
INSERT INTO conversations (id, owner, title, created_at, updated_at, tags, forked_from)
VALUES (?, ?, ?, ?, ?, ?, '')
"""


def person(number: int) -> str:
    return f"p{number % PEOPLE}"


def words(chance: random.Random, many: int) -> list[str]:
    """Draw words, a few of them very often and most of them rarely, as people use them."""
    size = len(VOCABULARY)
    return [VOCABULARY[min(size - 1, int(chance.paretovariate(0.7)) - 1)] for _ in range(many)]


async def fill(home: Path, many: int) -> None:
    """Write so many messages, in conversations of fifty, of two thousand people."""
    path = home / "data" / "conversations.db"
    async with Database.open(path):
        pass
    await asyncio.to_thread(_write, path, many)


def _write(path: Path, many: int) -> None:
    chance = random.Random(7)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute("BEGIN")
        db.executemany(CONVERSATION, _conversations(chance, many // LENGTH))
        rows = _messages(chance, many)
        while some := list(islice(rows, AT_ONCE)):
            db.executemany(MESSAGE, some)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _conversations(chance: random.Random, many: int) -> Iterator[Sequence[object]]:
    for number in range(many):
        begun = START + number * LENGTH * STEP
        ended = begun + LENGTH * STEP
        title = " ".join(words(chance, 4))
        yield f"t{number}", f"memory:{person(number)}", title, begun, ended, json.dumps([])


def _messages(chance: random.Random, many: int) -> Iterator[Sequence[object]]:
    for number in range(0, many, 2):
        conversation = number // LENGTH
        who, at = person(conversation), START + number * STEP
        thread, session = f"t{conversation}", f"s{conversation}"
        asked, said = words(chance, chance.randint(3, 25)), words(chance, chance.randint(5, 50))
        question = f"m{number}"
        yield (
            question, "user", " ".join(asked), who, who, at, "answered",
            thread, session, who, at, None, 1,
        )  # fmt: skip
        yield (
            f"m{number + 1}", "assistant", " ".join(said), who, who, at + 1_000_000, "delivered",
            thread, session, "", None, question, 0,
        )  # fmt: skip
