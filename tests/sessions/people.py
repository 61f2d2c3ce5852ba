"""Sessions and files as the tests of the stores need them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sessions.models import PendingApproval, Session
from sessions.rows import HEADER, line_of

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def session(number: int, *, minutes: float = 0, **fields: object) -> Session:
    """Return the session of person `number`, active some minutes after noon."""
    values: dict[str, object] = {
        "session_id": f"session-{number}",
        "user_id": f"telegram_{number}",
        "platform": "telegram",
        "thread_id": f"thread-{number}",
        "created_at": NOON,
        "last_activity": NOON + timedelta(minutes=minutes),
    }
    return Session(**{**values, **fields})  # type: ignore[arg-type]  # plain values of the test


def approval(number: int = 1) -> PendingApproval:
    return PendingApproval(
        id=f"approval-{number}",
        actions=("send_message(to='telegram:5', text='Hi, \"you\"')",),
        hash="h",
        decider="requester",
        asked_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )


def write(path: Path, *sessions: Session) -> Path:
    """Write a file as the store would."""
    path.write_text("\n".join([HEADER, *map(line_of, sessions)]) + "\n")
    return path
