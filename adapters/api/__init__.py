"""HTTP as a platform: chat, decisions and the mailbox, as one router that a server mounts."""

from adapters.api.adapter import ApiAdapter
from adapters.api.caller import Caller
from adapters.api.problems import Problem, ProblemResponse
from adapters.api.records import Records, StoredApproval, StoredMessage

__all__ = [
    "ApiAdapter",
    "Caller",
    "Problem",
    "ProblemResponse",
    "Records",
    "StoredApproval",
    "StoredMessage",
]
