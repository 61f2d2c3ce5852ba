"""GET /api/approvals: what is open, and what was decided by whom and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from adapters.api import Caller, Problem
from adapters.api.caller import PLATFORM, caller_of
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from adapters.api.views import ActionView, approval_view
from adapters.contract import VerdictName
from bot.addresses import address_of
from bot.bot import Bot
from bot.cards import as_request
from sessions.models import ApprovalRecord

LARGEST_PAGE = 200


@dataclass(frozen=True)
class ApprovalDetails:
    """Everything that happened to an approval; what has not happened is null."""

    id: str
    open: bool
    session_id: str
    thread_id: str
    message_id: Annotated[str, Field(description="The message that caused it.")]
    requester: Annotated[str, Field(description="Who asked, as `platform:id`.")]
    decider: Annotated[
        str, Field(description="Who decides: `requester`, `admins` or `two` (different admins).")
    ]
    actions: Sequence[ActionView]
    allowed: Annotated[
        Sequence[VerdictName], Field(description="The decisions that all its actions allow.")
    ]
    asked_at: datetime
    expires_at: datetime
    outcome: Annotated[
        str | None,
        Field(
            description=(
                "`approved`, `edited`, `rejected`, `responded`, `mixed`, `expired` or `withdrawn`."
            )
        ),
    ]
    decided_by: str | None
    decided_where: str | None
    decided_at: datetime | None
    verdicts: Annotated[
        Sequence[Mapping[str, Any]], Field(description="What was decided about each action.")
    ]
    began_at: datetime | None
    ended_at: datetime | None
    ending: Annotated[str | None, Field(description="How the actions ended.")]


@dataclass(frozen=True)
class ApprovalPage:
    """Approvals, the newest first."""

    items: Sequence[ApprovalDetails]
    next: Annotated[str | None, Field(description="`after` for the next page; null: the last.")]


def approval_routes(bot: Bot) -> APIRouter:
    """Make the routes. An app key sees what its own people caused."""
    router = APIRouter(prefix="/api/approvals", tags=["approvals"])

    async def seen(approval_id: str, caller: Caller) -> ApprovalRecord | None:
        record = await bot.approvals.records.get(approval_id)
        return record if record and caller.may_see(address_of(record.place)) else None

    @router.get(
        "",
        summary="List approvals",
        description="Those that are open; with `open=false` all, also the decided ones.",
        responses={
            200: {"model": ApprovalPage, "description": "A page."},
            **documented(401, 403, 404, 422, 500),
        },
    )
    async def list_approvals(
        caller: Annotated[Caller, Depends(caller_of)],
        open_only: Annotated[bool, Query(alias="open")] = True,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
        after: Annotated[str, Query(description="`next` of the page before.")] = "",
    ) -> Response:
        prefix = "" if caller.sees_everything else f"{PLATFORM}:{caller.people}"
        if after and await seen(after, caller) is None:
            raise Problem(404, "There is no approval that `after` could mean.")
        found = await bot.approvals.records.page(
            after=after, limit=limit + 1, requester_prefix=prefix, open_only=open_only
        )
        mine = [record for record in found[:limit] if caller.may_see(address_of(record.place))]
        more = found[limit - 1].id if len(found) > limit else None
        return JsonResponse(ApprovalPage([_details(record) for record in mine], more))

    @router.get(
        "/{approval_id}",
        summary="Show an approval",
        responses={
            200: {"model": ApprovalDetails, "description": "The approval."},
            **documented(401, 403, 404, 500),
        },
    )
    async def show_approval(
        approval_id: str, caller: Annotated[Caller, Depends(caller_of)]
    ) -> Response:
        record = await seen(approval_id, caller)
        if record is None:
            raise Problem(404, "There is no such approval.")
        return JsonResponse(_details(record))

    return router


def _details(record: ApprovalRecord) -> ApprovalDetails:
    shown = approval_view(as_request(record))
    return ApprovalDetails(
        id=record.id,
        open=record.decided_at is None,
        session_id=record.session_id,
        thread_id=record.thread_id,
        message_id=record.message_id,
        requester=record.requester,
        decider=record.decider,
        actions=shown.actions,
        allowed=shown.allowed,
        asked_at=record.asked_at,
        expires_at=record.expires_at,
        outcome=record.outcome or None,
        decided_by=record.decided_by or None,
        decided_where=record.decided_where or None,
        decided_at=record.decided_at,
        verdicts=record.verdicts,
        began_at=record.began_at,
        ended_at=record.ended_at,
        ending=record.ending or None,
    )
