"""Messages and approvals to store in the tests of records."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sessions.models import ActionRecord, ApprovalRecord, Message, Place

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ANN = Place("memory", "ann", "ann")


def message(words: str = "Hello", **other: Any) -> Message:
    row = Message(str(uuid4()), "user", words, ANN, NOON, "received", sent_at=NOON)
    return replace(row, **other)


def reply(words: str = "Hi", **other: Any) -> Message:
    return message(words, **({"role": "assistant", "state": "written", "sent_at": None} | other))


def approval(approval_id: str = "a", interrupt_id: str = "i", **other: Any) -> ApprovalRecord:
    action = ActionRecord("send", {"to": "me"}, "Send it", ("approve", "reject"), "requester")
    record = ApprovalRecord(
        id=approval_id,
        session_id="s",
        thread_id="t",
        interrupt_id=interrupt_id,
        message_id="m",
        requester="memory:ann",
        place=ANN,
        actions=(action,),
        hash="h",
        decider="requester",
        asked_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )
    return replace(record, **other)
