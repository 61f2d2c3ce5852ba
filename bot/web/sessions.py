"""/api/sessions: who is connected, one by one or in pages, and ending a session."""

import asyncio
import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from adapters.api import Caller, Problem
from adapters.api.caller import caller_of
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from adapters.contract import Address
from bot.bot import Bot
from sessions.models import PendingApproval, Session

LARGEST_PAGE = 500
SMALL = 10_000
"""Up to so many sessions are looked through at once; more in a thread."""


@dataclass(frozen=True)
class SessionView:
    """A live session: one row of sessions.csv."""

    session_id: str
    user_id: str
    platform: str
    thread_id: str
    created_at: datetime
    last_activity: datetime
    pending_approval: Annotated[
        Sequence[PendingApproval], Field(description="What is open, as summaries.")
    ]
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class SessionPage:
    """Sessions, the newest first."""

    items: Sequence[SessionView]
    next: Annotated[str | None, Field(description="`after` for the next page; null: the last.")]


def session_routes(bot: Bot) -> APIRouter:
    """Make the routes. An app key sees the sessions of its own people."""
    router = APIRouter(prefix="/api/sessions", tags=["sessions"])

    async def seen(session_id: str, caller: Annotated[Caller, Depends(caller_of)]) -> Session:
        session = await bot.sessions.get(session_id)
        if session is None or not caller.may_see(owner_of(session)):
            raise Problem(404, "There is no such session.")
        return session

    @router.get(
        "",
        summary="List the live sessions",
        description="The newest first, in pages.",
        responses={
            200: {"model": SessionPage, "description": "A page."},
            **documented(401, 403, 422, 500),
        },
    )
    async def list_sessions(
        caller: Annotated[Caller, Depends(caller_of)],
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
        after: Annotated[str, Query(description="`next` of the page before.")] = "",
        platform: Annotated[str, Query(description="Only of this platform.")] = "",
        user_id: Annotated[str, Query(description="Only this person's.")] = "",
    ) -> Response:
        def wanted(session: Session) -> bool:
            return (
                (not platform or session.platform == platform)
                and (not user_id or session.user_id == user_id)
                and caller.may_see(owner_of(session))
                and (not after or _position(session) < after)
            )

        found = await _newest(await bot.sessions.all(), wanted, limit + 1)
        items = [_view(session) for session in found[:limit]]
        more = len(found) > limit
        return JsonResponse(SessionPage(items, _position(found[limit - 1]) if more else None))

    @router.get(
        "/{session_id}",
        summary="Show a session",
        responses={
            200: {"model": SessionView, "description": "The session."},
            **documented(401, 403, 404, 500),
        },
    )
    async def show_session(session: Annotated[Session, Depends(seen)]) -> Response:
        return JsonResponse(_view(session))

    @router.delete(
        "/{session_id}",
        summary="End a session",
        description="What waits for approval in it is withdrawn.",
        status_code=204,
        responses={204: {"description": "It has ended."}, **documented(401, 403, 404, 500)},
    )
    async def end_session(session: Annotated[Session, Depends(seen)]) -> Response:
        if await bot.end_session(session.session_id) is None:
            raise Problem(404, "There is no such session.")  # somebody else was faster
        return Response(status_code=204)

    return router


def owner_of(session: Session) -> Address:
    """Give the address whose session it is."""
    chat = session.key.chat_id or session.user_id
    return Address(session.platform, chat, chat)


def _view(session: Session) -> SessionView:
    return SessionView(
        session.session_id,
        session.user_id,
        session.platform,
        session.thread_id,
        session.created_at,
        session.last_activity,
        session.pending_approval,
        session.metadata,
    )


async def _newest(
    sessions: Sequence[Session], wanted: Callable[[Session], bool], count: int
) -> list[Session]:
    def choose() -> list[Session]:
        return heapq.nlargest(count, filter(wanted, sessions), key=_order)

    return choose() if len(sessions) <= SMALL else await asyncio.to_thread(choose)


def _order(session: Session) -> tuple[datetime, str]:
    return session.created_at, session.session_id


def _position(session: Session) -> str:
    """Say where a session stands in the list. As texts, positions sort as the sessions do."""
    return f"{session.created_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}Z-{session.session_id}"
