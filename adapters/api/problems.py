"""Errors as RFC 9457 problem details: what is raised, how it is sent, how it is documented."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from adapters.api.json_response import JsonResponse

MEDIA_TYPE = "application/problem+json"

PROBLEM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details as in RFC 9457. More members may follow.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Always `about:blank`: the status says it all."},
        "title": {"type": "string", "description": "The name of the status."},
        "status": {"type": "integer", "description": "The status of the response."},
        "detail": {"type": "string", "description": "What is wrong, as a sentence."},
        "errors": {
            "type": "array",
            "description": "With 422: each field that is wrong.",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "reference": {"type": "string", "description": "Where to look in the log."},
        "settled": {
            "type": "object",
            "description": "With 409: how the approval ended, by whom and when.",
        },
    },
}

_DESCRIPTIONS = {
    400: "The request is not HTTP that can be read.",
    401: "No API key, or a wrong one.",
    403: "This caller may not do that; nothing changed.",
    404: "There is none, or it belongs to somebody else.",
    409: "It was decided before, or is gone; `settled` says who, what and when. Or it was refused "
    "before under its Idempotency-Key. Or what is there does not allow it; `detail` says why.",
    413: "The body is over 1 MiB.",
    422: "The request does not have the right shape; `errors` says where.",
    429: "Too many messages wait, or came in a minute, or the day's tokens are used up; "
    "`Retry-After` says when it will work.",
    500: "Something went wrong here; `reference` is where to look in the log.",
    502: "The agent failed; `reference` is where to look in the log.",
    503: "The bot is starting or stopping, or cannot store anything now.",
}


class Problem(Exception):
    """A request that is answered with a problem.

    Members of `more` are added to the body; `headers` to the response.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.more = more or {}


class ProblemResponse(JsonResponse):
    """A problem on its way to the client."""

    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem) -> None:
        body = {
            "type": "about:blank",
            "title": HTTPStatus(problem.status).phrase,
            "status": problem.status,
            "detail": problem.detail,
            **problem.more,
        }
        super().__init__(body, status_code=problem.status, headers=problem.headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe these problems for the OpenAPI document of a route."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": _DESCRIPTIONS[status], "content": content} for status in statuses
    }
