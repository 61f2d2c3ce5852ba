"""A bot that is reached over HTTP, as the handler that an adapter is given."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx

from adapters.contract import (
    Accepted,
    Action,
    Answer,
    ApprovalRequest,
    ApprovalSettled,
    Attachment,
    Decision,
    Failure,
    Held,
    IncomingMessage,
    Notice,
    Refused,
    Reply,
    TextDelta,
)
from bot.cli.operator import problem_in


class RemoteBot:
    """Sends each message to POST /api/chat and reads the replies from its stream."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @asynccontextmanager
    async def handle(
        self, inbound: IncomingMessage | Decision
    ) -> AsyncIterator[AsyncIterator[Reply]]:
        """Hand a message over and give what is said to it. Decisions are typed, as /approve."""
        if isinstance(inbound, Decision):
            raise TypeError("decisions are made with commands here")
        body = {"user_id": inbound.sender.user_id, "message": inbound.text}
        headers = {"Accept": "text/event-stream"}
        async with self._client.stream("POST", "/api/chat", json=body, headers=headers) as response:
            yield _replies(response)


async def _replies(response: httpx.Response) -> AsyncIterator[Reply]:
    if response.is_error:
        await response.aread()
        yield Refused("unknown", problem_in(response))
        return
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data" and name:
            yield reply_of(name, json.loads(value))
            name = ""


def reply_of(name: str, data: Any) -> Reply:
    """Read a reply from its event."""
    return READ[name](data)


def _request(data: Any) -> ApprovalRequest:
    actions = tuple(
        Action(one["name"], one["arguments"], one["description"], tuple(one["allowed"]))
        for one in data["actions"]
    )
    until = datetime.fromisoformat(data["expires_at"])
    return ApprovalRequest(data["id"], actions, until, data["decider"])


def _answer(data: Any) -> Answer:
    files = tuple(Attachment(one["name"], one["media_type"], b"") for one in data["files"])
    return Answer(data["message_id"], data["text"], attachments=files)


def _settled(data: Any) -> ApprovalSettled:
    return ApprovalSettled(**{**data, "at": datetime.fromisoformat(data["at"])})


def _held(data: Any) -> Held:
    return Held(data["message_id"], tuple(map(_request, data["approvals"])), data["text"])


def _refused(data: Any) -> Refused:
    settled = data["settled"]
    ended = _settled(settled) if settled else None
    return Refused(data["why"], data["text"], ended, data["retry_after"])


READ: Mapping[str, Callable[[Any], Reply]] = {
    "accepted": lambda data: Accepted(**data),
    "text_delta": lambda data: TextDelta(**data),
    "answer": _answer,
    "notice": lambda data: Notice(data["text"], tuple(data["suggestions"])),
    "approval_request": _request,
    "held": _held,
    "approval_settled": _settled,
    "refused": _refused,
    "failure": lambda data: Failure(**data),
}
"""How each reply is read, by the name of its event."""
