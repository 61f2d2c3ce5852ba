"""A request that is sent again under its Idempotency-Key: it is told what the first one was."""

import hashlib
import json
import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Header

from adapters.api.problems import Problem
from adapters.api.records import Records, StoredMessage
from adapters.contract import (
    Accepted,
    Answer,
    Attachment,
    Failure,
    Held,
    IncomingMessage,
    Refused,
    Reply,
)

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description=(
            "Chosen by the client, once for each message of a person. The same request again "
            "under the same key is not said again: it gets the answer of the first."
        ),
    ),
]

AT_WORK = frozenset({"received", "running"})
REFERENCE = re.compile(r"(.*) \(reference ([0-9a-f]{8})\)", re.DOTALL)
NEW_KEY = "(Refused before under this Idempotency-Key. Take a new one for another try.)"
OTHER_BODY = "This Idempotency-Key was used for another message of this person. Choose a new one."


def message_id_of(key: str) -> str:
    """Give the id of a message that came under a key: no other id has a space in it."""
    return f"idempotency-key {key}"


def fingerprint_of(text: str) -> str:
    """Hash what a request says, besides who says it."""
    body = json.dumps({"message": text}, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


async def once(
    replies: AsyncIterator[Reply], message: IncomingMessage, records: Records
) -> AsyncIterator[Reply]:
    """Give the replies to a message, or if it is a second copy, those that the first one got.

    Raises:
        Problem: the first one said something else.
    """
    is_first = False
    async for reply in replies:
        is_first = True
        yield reply
    if not is_first:
        async for reply in _again(message, records):
            yield reply


async def _again(message: IncomingMessage, records: Records) -> AsyncIterator[Reply]:
    stored = await records.sent(message.sender, message.message_id)
    if stored is None:
        return
    if await records.fingerprint(stored.id) != message.fingerprint:
        errors = [{"field": "Idempotency-Key", "detail": OTHER_BODY}]
        raise Problem(422, OTHER_BODY, more={"errors": errors})
    if stored.session_id:
        yield Accepted(stored.id, stored.session_id, stored.thread_id)
        stored = await _at_rest(stored, records)
    else:  # it has not begun
        stored = await _at_rest(stored, records)
        yield Accepted(stored.id, stored.session_id, stored.thread_id)
    answer = await records.answer_to(stored.id)
    if stored.state == "parked":
        for request in await records.open_approvals(stored.session_id):
            yield request
    elif stored.state == "held":
        waiting_for = tuple(await records.open_approvals(stored.session_id))
        yield Held(stored.id, waiting_for, "Your message is kept and waits for a decision.")
    else:
        files = await records.files(answer.id) if answer and answer.files else ()
        yield _ending_of(stored, answer, tuple(files))


def _ending_of(
    stored: StoredMessage, answer: StoredMessage | None, files: tuple[Attachment, ...]
) -> Reply:
    """Give what the first one was told at its end."""
    if answer is None:
        return Failure("This message could not be answered.", stored.id)
    if stored.state == "answered":
        return Answer(answer.id, answer.text, attachments=files)
    if stored.state == "dead":
        return Failure(answer.text, stored.id)
    if failed := REFERENCE.fullmatch(answer.text):
        return Failure(failed[1], failed[2])
    # Under this key nothing that a client could wait for makes it work.
    return Refused("settled", f"{answer.text} {NEW_KEY}")


async def _at_rest(stored: StoredMessage, records: Records) -> StoredMessage:
    """Wait until a message is answered, parked, held or refused."""
    with records.changes(stored.id) as changed:
        while True:
            changed.clear()
            stored = await records.message(stored.id) or stored
            if stored.state not in AT_WORK:
                return stored
            await changed.wait()
