"""Storing an answer together with what it ends, for whoever does so inside a transaction."""

from dataclasses import replace

from sqlalchemy import Connection, bindparam, delete, exists, select, update

from sessions.files import take_over_files
from sessions.message_rows import message_of, numbered, values_of
from sessions.models import Message, MessageState
from sessions.tables import IS_UNFINISHED, fingerprints, insert_if_absent, messages

WRITE = insert_if_absent(messages, "id").returning(messages.c.number)
CHANGE = update(messages).where(messages.c.id == bindparam("message"))
FORGET_FINGERPRINT = delete(fingerprints).where(fingerprints.c.message_id == bindparam("message"))
stored_answer = messages.alias()
MARK_ANSWERED = CHANGE.where(
    IS_UNFINISHED, ~exists().where(stored_answer.c.id == bindparam("answer"))
).values(state=bindparam("ended"))
FIRST = (
    select(messages)
    .where((messages.c.id == bindparam("answer")) | (messages.c.answers == bindparam("message")))
    .order_by(messages.c.id != bindparam("answer"), messages.c.number)
    .limit(1)
)


def store_answer(
    db: Connection,
    message_id: str,
    answer: Message,
    state: MessageState = "answered",
    *,
    again: bool = False,
) -> Message:
    """Store an answer and mark its message; a message that has ended keeps the answer it has.

    That is given as it is stored. With `again` a client may send the same request once more.

    Raises:
        KeyError: there is no such message, or it has ended without an answer.
    """
    answer = replace(answer, answers=message_id)
    both = {"message": message_id, "answer": answer.id, "ended": state}
    if db.execute(MARK_ANSWERED, both).rowcount == 1:
        number = db.execute(WRITE, values_of(answer)).scalar_one()
        if again:
            _release_key(db, message_id)
        return numbered(replace(answer, files=take_over_files(db, message_id, answer.id)), number)
    known = db.execute(FIRST, {"message": message_id, "answer": answer.id}).one_or_none()
    if known is None:
        raise KeyError(message_id)
    return message_of(known)


def _release_key(db: Connection, message_id: str) -> None:
    """Let the id that a client chose for a message be used once more, by the client alone."""
    if db.execute(FORGET_FINGERPRINT, {"message": message_id}).rowcount:
        db.execute(CHANGE.values(platform_message_id=None), {"message": message_id})
