"""What the platform answers when it refuses: status, code and words of the real one.

The codes and words are those of the developer documentation, "JSON error codes"; those of a
form (50035) name the field and the rule, as "Error messages" of the same documentation shows.
"""

from typing import Any

FormErrors = dict[str, Any]


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(
        self, status: int, code: int, words: str, errors: FormErrors | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {words}")
        self.status = status
        self.body: dict[str, Any] = {"message": words, "code": code}
        if errors:
            self.body["errors"] = errors


def unauthorized() -> Refused:
    return Refused(401, 0, "401: Unauthorized")


def unknown_channel() -> Refused:
    return Refused(404, 10003, "Unknown Channel")


def unknown_guild() -> Refused:
    return Refused(404, 10004, "Unknown Guild")


def unknown_member() -> Refused:
    return Refused(404, 10007, "Unknown Member")


def unknown_message() -> Refused:
    return Refused(404, 10008, "Unknown Message")


def unknown_user() -> Refused:
    return Refused(404, 10013, "Unknown User")


def unknown_webhook() -> Refused:
    return Refused(404, 10015, "Unknown Webhook")


def unknown_interaction() -> Refused:
    return Refused(404, 10062, "Unknown interaction")


def too_large() -> Refused:
    return Refused(413, 40005, "Request entity too large")


def already_acknowledged() -> Refused:
    return Refused(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> Refused:
    return Refused(403, 50001, "Missing Access")


def someone_elses_message() -> Refused:
    return Refused(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> Refused:
    return Refused(400, 50006, "Cannot send an empty message")


def person_not_reached() -> Refused:
    return Refused(403, 50007, "Cannot send messages to this user")


def missing_permissions() -> Refused:
    return Refused(403, 50013, "Missing Permissions")


def system_message() -> Refused:
    return Refused(403, 50021, "Cannot execute action on a system message")


def invalid_webhook_token() -> Refused:
    return Refused(401, 50027, "Invalid Webhook Token")


def thread_archived() -> Refused:
    return Refused(400, 50083, "Thread is archived")


def invalid_json() -> Refused:
    return Refused(400, 50109, "The request body contains invalid JSON.")


def no_history_for_a_reply() -> Refused:
    words = "Cannot reply without permission to read message history"
    return Refused(400, 160002, words)


def thread_exists() -> Refused:
    return Refused(400, 160004, "A thread has already been created for this message")


def invalid_form(errors: FormErrors) -> Refused:
    return Refused(400, 50035, "Invalid Form Body", errors)


def fault(code: str, words: str) -> FormErrors:
    """Return what is wrong with one field of a form."""
    return {"_errors": [{"code": code, "message": words}]}
