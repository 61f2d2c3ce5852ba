"""POST /api/approvals/{id}: a person decides."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response

from adapters.api.bodies import DecisionBody, SeveralDecisions, verdicts_of
from adapters.api.caller import Caller, caller_of
from adapters.api.chat import LOCATION, respond
from adapters.api.heard import Heard
from adapters.api.intake import Intake, UntilAnswered
from adapters.api.problems import Problem, documented
from adapters.api.records import StoredApproval
from adapters.api.stream import EVENT_STREAM, stream, wants_stream
from adapters.api.views import ApprovalView, DecisionAnswer
from adapters.contract import Decision


def decision_routes(intake: Intake) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["approvals"])

    @router.post(
        "/api/approvals/{approval_id}",
        summary="Decide about an approval",
        description=(
            "A single decision stands for all the actions of the approval; `decisions` gives one "
            "for each, in order. Answers with the outcome and what the agent says then, as JSON "
            "or, with `Accept: text/event-stream`, as a stream. An app key decides as the person "
            "who asked, an admin key as itself."
        ),
        responses={
            200: {
                "model": DecisionAnswer,
                "description": "The outcome, and the agent's reply.",
                "content": EVENT_STREAM,
            },
            202: {
                "model": DecisionAnswer,
                "description": (
                    "The decision counts. A second person has to decide too (`outcome` is null), "
                    "or the agent is still at work: ask again at the `Location`."
                ),
                "headers": LOCATION,
            },
            **documented(401, 403, 404, 409, 413, 422, 500, 502, 503),
        },
    )
    async def decide_approval(
        approval_id: str,
        body: Annotated[DecisionBody, Body()],
        request: Request,
        caller: Annotated[Caller, Depends(caller_of)],
        until_answered: UntilAnswered,
    ) -> Response:
        stored = await intake.records.approval(approval_id)
        if stored is None or not caller.may_see(stored.requester):
            raise Problem(404, "There is no such approval.")
        verdicts = verdicts_of(body)
        if isinstance(body, SeveralDecisions) and len(verdicts) != stored.actions:
            detail = f"There are {stored.actions} actions and {len(verdicts)} decisions."
            errors = [{"field": "decisions", "detail": detail}]
            raise Problem(422, detail, more={"errors": errors})
        decision = Decision(
            sender=caller.decides_as(stored.requester),
            approval_id=approval_id,
            verdicts=verdicts,
            decided_at=intake.clock(),
            sender_name=caller.name,
        )
        replies = await until_answered.enter_async_context(intake.handle(decision))
        if wants_stream(request):
            return await stream(replies)
        heard = await intake.hear(replies, request)
        answer = _answer(stored, heard, await intake.open_in(stored.session_id, heard))
        later = heard.state == "running" or heard.settled is None
        return respond(answer, stored.message_id, later=later)

    return router


def _answer(stored: StoredApproval, heard: Heard, approvals: list[ApprovalView]) -> DecisionAnswer:
    settled = heard.settled
    waits_for_another = settled is None and heard.complete
    return DecisionAnswer(
        approval_id=stored.id,
        outcome=settled.outcome if settled else None,
        by=settled.by if settled else None,
        at=settled.at if settled else None,
        text=settled.text if settled else "\n\n".join(heard.notices),
        session_id=stored.session_id,
        thread_id=stored.thread_id,
        message_id=stored.message_id,
        state="parked" if waits_for_another else heard.state,
        reply=heard.reply,
        pending_approval=approvals[0] if approvals else None,
        approvals=approvals,
        notices=heard.notices,
        files=heard.files,
    )
