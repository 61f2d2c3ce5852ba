"""GET /api/messages/{id}: what became of a message."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from adapters.api.caller import Caller, caller_of
from adapters.api.json_response import JsonResponse
from adapters.api.problems import Problem, documented
from adapters.api.records import Records
from adapters.api.views import MessageView, approval_view


def message_routes(records: Records) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["messages"])

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
