"""GET /api/messages: what became of a message, and a person's mailbox."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from adapters.api.bodies import UserId
from adapters.api.caller import Caller, caller_of
from adapters.api.json_response import JsonResponse
from adapters.api.problems import Problem, documented
from adapters.api.records import Records
from adapters.api.views import Mailbox, MailView, MessageView, approval_view

LARGEST_PAGE = 200
LARGEST_NUMBER = 2**63 - 1


def message_routes(records: Records) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["messages"])

    @router.get(
        "/api/messages",
        summary="Read a person's mailbox",
        description=(
            "What the bot said to this person, in order: also what came when no request was "
            "waiting for it. Ask for what comes `after` the last `number` that you have."
        ),
        responses={
            200: {"model": Mailbox, "description": "A page."},
            **documented(401, 403, 422, 500),
        },
    )
    async def read_mailbox(
        caller: Annotated[Caller, Depends(caller_of)],
        user_id: Annotated[UserId, Query()],
        after: Annotated[int, Query(ge=0, le=LARGEST_NUMBER)] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
    ) -> Response:
        owner = caller.address_of(user_id)
        found = await records.mailbox(owner, after=after, limit=limit + 1)
        page = found[:limit]
        items = [MailView(m.id, m.number, m.text, m.created_at, m.answers or None) for m in page]
        return JsonResponse(Mailbox(items, page[-1].number if len(found) > limit else None))

    @router.get(
        "/api/messages/{message_id}",
        summary="Ask what became of a message",
        description="The `Location` of a 202 points here. `reply` is null until it is answered.",
        responses={
            200: {"model": MessageView, "description": "The message and its answer."},
            **documented(401, 403, 404, 500),
        },
    )
    async def show_message(
        message_id: str, caller: Annotated[Caller, Depends(caller_of)]
    ) -> Response:
        found = await records.message(message_id)
        if found is None or not caller.may_see(found.owner):
            raise Problem(404, "There is no such message.")
        answer = await records.answer_to(found.id) if found.role == "user" else None
        waits = found.state in {"parked", "held"} and found.session_id
        requests = await records.open_approvals(found.session_id) if waits else ()
        approvals = [approval_view(request) for request in requests]
        owner = found.owner
        shown = MessageView(
            id=found.id,
            role=found.role,
            user_id=owner.user_id.rpartition("/")[2] if owner.platform == "api" else owner.user_id,
            session_id=found.session_id,
            thread_id=found.thread_id,
            created_at=found.created_at,
            state=found.state,
            text=found.text,
            reply=answer.text if answer else None,
            answer_id=answer.id if answer else None,
            pending_approval=approvals[0] if approvals else None,
            approvals=approvals,
        )
        return JsonResponse(shown)

    return router
