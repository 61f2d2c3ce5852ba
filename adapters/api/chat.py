"""POST /api/chat: a person says something."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response

from adapters.api.bodies import ChatBody
from adapters.api.caller import Caller, caller_of
from adapters.api.heard import Heard
from adapters.api.intake import Intake, UntilAnswered
from adapters.api.json_response import JsonResponse
from adapters.api.problems import Problem, documented
from adapters.api.repeats import IdempotencyKey, fingerprint_of, message_id_of, once
from adapters.api.stream import EVENT_STREAM, stream, wants_stream
from adapters.api.views import ChatAnswer
from adapters.contract import IncomingMessage, Reply

LOCATION: dict[str, Any] = {
    "Location": {
        "description": "Where to ask for the answer.",
        "schema": {"type": "string"},
    }
}


def chat_routes(intake: Intake, max_message_chars: int) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["chat"])

    @router.post(
        "/api/chat",
        summary="Say something to the bot",
        description=(
            "Answers with the bot's reply. With `Accept: text/event-stream` it streams instead, "
            "one event per reply. If an action waits for approval, `pending_approval` says "
            "which; post the decision to its `decide` address."
        ),
        responses={
            200: {"model": ChatAnswer, "description": "The reply.", "content": EVENT_STREAM},
            202: {
                "model": ChatAnswer,
                "description": (
                    "The answer comes later: the message is `held` behind an approval, or the "
                    "turn is still `running`. Ask again at the `Location`."
                ),
                "headers": LOCATION,
            },
            **documented(401, 403, 409, 413, 422, 429, 500, 502, 503),
        },
    )
    async def chat(
        body: ChatBody,
        request: Request,
        caller: Annotated[Caller, Depends(caller_of)],
        until_answered: UntilAnswered,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        if len(body.message) > max_message_chars:
            detail = f"The message has {len(body.message)} characters; {max_message_chars} fit."
            errors = [{"field": "message", "detail": detail}]
            raise Problem(422, detail, more={"errors": errors})
        message = IncomingMessage(
            sender=caller.address_of(body.user_id),
            text=body.message,
            message_id=message_id_of(idempotency_key) if idempotency_key else str(uuid4()),
            sent_at=intake.clock(),
            sender_name=body.user_id,
            fingerprint=fingerprint_of(body.message) if idempotency_key else "",
        )
        replies: AsyncIterator[Reply]
        replies = await until_answered.enter_async_context(intake.handle(message))
        if idempotency_key:
            replies = once(replies, message, intake.records)
        if wants_stream(request):
            return await stream(replies)
        heard = await intake.hear(replies, request)
        session_id, thread_id, message_id = await _ids(intake, heard, message)
        approvals = await intake.open_in(session_id, heard)
        answer = ChatAnswer(
            session_id=session_id,
            thread_id=thread_id,
            message_id=message_id,
            state=heard.state,
            reply=heard.reply,
            pending_approval=approvals[0] if approvals else None,
            approvals=approvals,
            notices=[*([heard.settled.text] if heard.settled else []), *heard.notices],
            suggestions=heard.suggestions,
            files=heard.files,
        )
        return respond(answer, message_id, later=heard.state in {"held", "running"})

    return router


async def _ids(intake: Intake, heard: Heard, message: IncomingMessage) -> tuple[str, str, str]:
    """Give the ids of session, thread and message, also where no turn has begun."""
    if accepted := heard.accepted:
        return accepted.session_id, accepted.thread_id, accepted.message_id
    stored = await intake.records.sent(message.sender, message.message_id)
    session = await intake.records.session_of(message.sender)
    return (*(session or ("", "")), stored.id if stored else "")


def respond(answer: object, message_id: str, *, later: bool) -> Response:
    """Answer with 200, or with 202 and the place where the answer will be."""
    if not later:
        return JsonResponse(answer)
    headers = {"Location": f"/api/messages/{message_id}"} if message_id else {}
    return JsonResponse(answer, status_code=202, headers=headers)
