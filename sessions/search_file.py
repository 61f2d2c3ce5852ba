"""data/search.db: the words of people's conversations, found by FTS5. It can always be rebuilt.

The column `whose` holds made-up words for the owner of the conversation, the owner's group and the
chat, so that a query never even looks at the words of others.
"""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from sessions.database_file import SIDE_FILES, beside
from sessions.private_files import make_private
from sessions.wiping import OVERWRITE, rewrite, wipe

TABLES = """
CREATE VIRTUAL TABLE said USING fts5(text, whose, tokenize = "unicode61 remove_diacritics 2");
CREATE TABLE position (number INTEGER NOT NULL, id TEXT NOT NULL);
CREATE TABLE waiting (number INTEGER PRIMARY KEY);
INSERT INTO position VALUES (0, '');
"""
FIND = """
SELECT rowid, snippet(said, 0, '', '', '…', 20) FROM said
WHERE said MATCH ? ORDER BY bm25(said, 1.0, 0.0), rowid DESC LIMIT ?
"""
MOST_WORDS = 20
TERM = re.compile(r'"([^"]*)"|(\S+)')
VERSION = 2
"""Of what stands in the index; one of another version is built anew."""

#: Behind each letter of writings that have no spaces between words, or endings at them: Thai to
#: Khmer, Chinese, Japanese, Korean. So each is a word of its own, and words are phrases of these.
ALONE = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af])"
)
APART = "\u200b"
UNQUOTED = str.maketrans('"\0', "  ")
"""What would end a quoted word."""


@dataclass(frozen=True, slots=True)
class Line:
    """The words of a message, and the names of all by which they may be found alone.

    These are their owner, the owner's group, and the chat in which they were said.
    """

    number: int
    text: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the messages were read: the number and id of the last, and what had not ended."""

    number: int
    id: str
    waiting: Sequence[int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a look at the messages has brought: `seen` are all that were looked at."""

    number: int
    id: str
    seen: Sequence[int]
    lines: Sequence[Line]
    waiting: Sequence[int]


class SearchFile:
    """The index in its file, used by one thread at a time. What is written is on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = self._open()
            self.progress()
            (version,) = self._db.execute("PRAGMA application_id").fetchone()
            if version != VERSION:
                self.start_anew()
        except sqlite3.Error:  # damaged or somebody else's; nothing in it is only there
            self.start_anew()

    def damage(self) -> str:
        """Say what is wrong with the file or inside the index; empty if nothing is."""
        try:
            (found,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
            self._db.execute("INSERT INTO said (said) VALUES ('integrity-check')")
        except sqlite3.DatabaseError as error:
            return str(error)
        if not self._path.exists():
            return "its file is gone"
        return "" if found == "ok" else " ".join(found.split())

    def differing(self, lines: Sequence[Line], after: int, upto: int) -> set[int]:
        """Give the numbers, behind one and up to one, of which the index has not these lines."""
        wanted = {each.number: _columns(each) for each in lines}
        inside = "SELECT rowid, text, whose FROM said WHERE rowid > ? AND rowid <= ?"
        held = {
            number: (text, whose) for number, text, whose in self._db.execute(inside, (after, upto))
        }
        return {each for each in {*wanted, *held} if wanted.get(each) != held.get(each)}

    def start_anew(self) -> None:
        """Throw the index away and begin an empty one."""
        if hasattr(self, "_db"):
            self._db.close()
        for path in (self._path, *(beside(self._path, ending) for ending in SIDE_FILES)):
            path.unlink(missing_ok=True)
        self._db = self._open()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def progress(self) -> Progress:
        """Say how far the messages were read."""
        number, last = self._db.execute("SELECT number, id FROM position").fetchone()
        waiting = [each for (each,) in self._db.execute("SELECT number FROM waiting")]
        return Progress(number, last, waiting)

    def take(self, reading: Reading) -> None:
        """Take in what was read, as one step; taking it in again changes nothing."""
        db = self._db
        seen = [(number,) for number in reading.seen]
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany("DELETE FROM said WHERE rowid = ?", seen)
            db.executemany("DELETE FROM waiting WHERE number = ?", seen)
            db.executemany(
                "INSERT INTO said (rowid, text, whose) VALUES (?, ?, ?)",
                [(each.number, *_columns(each)) for each in reading.lines],
            )
            db.executemany(
                "INSERT INTO waiting VALUES (?)", [(number,) for number in reading.waiting]
            )
            db.execute("UPDATE position SET number = ?, id = ?", (reading.number, reading.id))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def find(self, words: str, names: Sequence[str], most: int) -> Sequence[tuple[int, str]]:
        """Give the best messages that may be found by all of these names.

        Each is its number and a line of it around the words that were found.
        """
        query = query_of(words, names)
        if not query:
            return ()
        found = self._db.execute(FIND, (query, most)).fetchall()
        return [(number, " ".join(line.replace(APART, "").split())) for number, line in found]

    def wipe(self) -> None:
        """Remove what deleted words have left in the file."""
        # FTS5 only marks words as deleted until it merges what it has.
        self._db.execute("INSERT INTO said (said) VALUES ('optimize')")
        wipe(self._path)

    def rewrite(self) -> bool:
        """Write the file anew if that is due; say whether it was."""
        return rewrite(self._path)

    def _open(self) -> sqlite3.Connection:
        new = not self._path.exists()
        if new:
            make_private(self._path)
        self._path.chmod(0o600)
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            with closing(db.cursor()) as cursor:
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.execute("PRAGMA synchronous=FULL")  # what is erased must not come back
                cursor.execute(f"PRAGMA {OVERWRITE}")
                if new:
                    cursor.executescript(f"BEGIN; {TABLES} COMMIT;")
                    cursor.execute(f"PRAGMA application_id={VERSION}")
        except BaseException:
            db.close()
            raise
        return db


def chat_name(platform: str, chat_id: str, topic_id: str) -> str:
    """Name a chat as a line has it."""
    return f"{platform}\n{chat_id}\n{topic_id}"


def query_of(words: str, names: Sequence[str]) -> str:
    """Write in FTS5's language what is looked for; empty if there is nothing in it."""
    wanted = _match(words)
    whose = (f"whose : {_mark(each)}" for each in names)
    return " AND ".join([*whose, f"text : ({wanted})"]) if wanted else ""


def _columns(line: Line) -> tuple[str, str]:
    return _apart(line.text), " ".join(map(_mark, line.names))


def _apart(text: str) -> str:
    """Part what is a word of its own from what follows; nothing that one sees."""
    return ALONE.sub(rf"\1{APART}", text)


def _mark(name: str) -> str:
    """Give the word that stands for a name, which nobody types by chance."""
    return f"w{blake2b(name.encode('utf-8', 'replace'), digest_size=12).hexdigest()}"


def _match(words: str) -> str:
    """Write what a person is looking for in FTS5's language; empty if there is nothing in it.

    All words must be there; "several words" stand together, and gard* is any beginning.
    """
    terms: list[str] = []
    for phrase, word in TERM.findall(words):
        text = phrase or word
        if any(letter.isalnum() for letter in text):
            quoted = _apart(text.rstrip("*").translate(UNQUOTED))
            terms.append(f'"{quoted}"{"*" if word.endswith("*") else ""}')
    return " AND ".join(terms[:MOST_WORDS])
