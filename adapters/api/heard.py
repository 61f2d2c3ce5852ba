"""What was heard of a turn: its replies, gathered for an answer in one piece."""

import math
from dataclasses import dataclass, field
from typing import assert_never

from adapters.api.problems import Problem
from adapters.api.views import FileView, TurnState, file_views, settled_view
from adapters.contract import (
    Accepted,
    Answer,
    ApprovalRequest,
    ApprovalSettled,
    Failure,
    Held,
    Notice,
    Refused,
    Reply,
    TextDelta,
)

_STATUS_OF_REFUSAL = {
    "unknown": 404,
    "not_yours": 403,
    "settled": 409,
    "misshapen": 422,
    "busy": 429,
    "closing": 503,
    "blocked": 403,
}


@dataclass
class Heard:
    """The replies of one turn.

    `complete` is set when its stream has ended, `problem` when it came to nothing.
    """

    accepted: Accepted | None = None
    preview: str = ""
    answers: list[str] = field(default_factory=list)
    files: list[FileView] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    requests: list[ApprovalRequest] = field(default_factory=list)
    held: Held | None = None
    settled: ApprovalSettled | None = None
    problem: Problem | None = None
    complete: bool = False

    def take(self, reply: Reply) -> None:
        """Take in one reply."""
        match reply:
            case Accepted():
                self.accepted = reply
            case TextDelta(text):
                self.preview += text
            case Answer(message_id, text):
                self.answers.append(text)
                self.files.extend(file_views(message_id, reply.attachments))
            case Notice(text, suggestions):
                self.notices.append(text)
                self.suggestions.extend(suggestions)
            case ApprovalRequest():
                self.requests.append(reply)
            case Held():
                self.held = reply
            case ApprovalSettled():
                self.settled = reply
            case Refused():
                self.problem = refusal(reply)
            case Failure():
                self.problem = failure(reply, self.settled)
            case _:
                assert_never(reply)

    @property
    def state(self) -> TurnState:
        """How far the message came."""
        if self.held is not None:
            return "held"
        if not self.complete:
            return "running"
        return "parked" if self.requests else "answered"

    @property
    def reply(self) -> str:
        """What to tell the person: the answer, or else what the bot itself said."""
        if self.held is not None:
            return self.held.text
        if self.answers:
            return "\n\n".join(self.answers)
        said = [*([self.preview.strip()] if self.requests else []), *self.notices]
        if text := "\n\n".join(part for part in said if part):
            return text
        if self.requests:
            names = ", ".join(dict.fromkeys(a.name for r in self.requests for a in r.actions))
            return f"This waits for a decision: {names}."
        if self.settled is not None and self.complete:
            return self.settled.text
        return "" if self.complete else "Still at work. Ask again at the address in Location."


def refusal(reply: Refused) -> Problem:
    """Say a refusal as a problem."""
    status = _STATUS_OF_REFUSAL[reply.why]
    wait = math.ceil(reply.retry_after or 2)
    headers = {"Retry-After": str(wait)} if reply.why in {"busy", "closing"} else None
    more = {} if reply.settled is None else {"settled": settled_view(reply.settled)}
    return Problem(status, reply.text, headers=headers, more=more)


def failure(reply: Failure, settled: ApprovalSettled | None = None) -> Problem:
    """Say a failure of the agent as a problem; a decision that was taken stands."""
    decided = {} if settled is None else {"settled": settled_view(settled)}
    more = {"reference": reply.reference, **decided}
    return Problem(502, reply.message, more=more)
