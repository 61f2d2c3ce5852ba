"""What the Bot API refuses, in the words of the real server.

The sentences are those of the server's published source (tdlib/telegram-bot-api) and those that
users of the API have quoted from its answers.
"""

from typing import Any

Json = dict[str, Any]


class Refused(Exception):
    """A request was answered with `ok: false`."""

    def __init__(
        self,
        code: int,
        description: str,
        *,
        retry_after: int | None = None,
        migrate_to: int | None = None,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to = migrate_to

    @property
    def body(self) -> Json:
        """The JSON of the answer, with `parameters` when there are any."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        if self.migrate_to is not None:
            body["parameters"] = {"migrate_to_chat_id": self.migrate_to}
        return body


def bad_request(what: str) -> Refused:
    """The request cannot be done as it is."""
    return Refused(400, f"Bad Request: {what}")


def forbidden(what: str) -> Refused:
    """The bot may not do this here."""
    return Refused(403, f"Forbidden: {what}")


def conflict(what: str) -> Refused:
    """Somebody else takes this bot's updates."""
    return Refused(409, f"Conflict: {what}")


def too_many(seconds: int) -> Refused:
    """Flood control: nothing goes before this many seconds are over."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


NOT_FOUND = Refused(404, "Not Found")
UNAUTHORIZED = Refused(401, "Unauthorized")
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
OTHER_POLLER = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)
WEBHOOK_IS_SET = (
    "can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
