"""GET /api/messages/{id}: what became of a message."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Response

from adapters.api.caller import Caller, caller_of
from adapters.api.json_response import JsonResponse
from adapters.api.problems import Problem, documented
from adapters.api.records import Records
from adapters.api.views import MessageView, approval_view, file_views


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
        said = answer or found
        files = await records.files(said.id) if said.files and said.role == "assistant" else ()
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
            files=file_views(said.id, files),
        )
        return JsonResponse(shown)

    @router.get(
        "/api/messages/{message_id}/files/{number}",
        summary="Get a file of an answer",
        description="Its address stands among the `files` of the answer.",
        response_class=Response,
        responses={
            200: {"description": "The file.", "content": {"application/octet-stream": {}}},
            **documented(401, 403, 404, 422, 500),
        },
    )
    async def send_file(
        message_id: str,
        number: Annotated[int, Path(ge=1, le=1000)],
        caller: Annotated[Caller, Depends(caller_of)],
    ) -> Response:
        found = await records.message(message_id)
        if found is None or not caller.may_see(found.owner):
            raise Problem(404, "There is no such message.")
        files = await records.files(found.id) if found.files else ()
        if number > len(files):
            raise Problem(404, "There is no such file.")
        file = files[number - 1]
        # A browser must never run it: whoever wrote it was a model or a person.
        name = quote(file.name, safe="")
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(file.content, media_type=file.media_type, headers=headers)

    return router
