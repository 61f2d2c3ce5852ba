"""The tables of data/conversations.db about what people find and have forgotten (revision 0006)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    UniqueConstraint,
    select,
)

from sessions.tables import Number, messages, metadata

# Messages, by their numbers, that changed after they may have come into the search index.
changed = Table(
    "changed",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("message", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Who was forgotten, as a keyed hash, and when. One that is not `done` came with older records
# that were put back: those are to lose these words again.
forgotten = Table(
    "forgotten",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("who", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("done", Boolean, nullable=False),
    UniqueConstraint("who", "at"),
    sqlite_autoincrement=True,
)


def note_changed(db: Connection, which: ColumnElement[bool]) -> None:
    """Tell the search index, in the caller's transaction, that these messages are to be read anew.

    Whoever erases, moves or deletes messages calls this before doing so.
    """
    numbers = select(messages.c.number).where(which)
    db.execute(changed.insert().from_select(["message"], numbers))
