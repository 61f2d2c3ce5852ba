"""POST /api/sessions/apply: making a file that a person edited true. On the control socket only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.api import Problem
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.deciders import OPERATOR
from sessions.edits import Difference, apply, difference
from sessions.store import SessionStoreError


class ApplyBody(BaseModel):
    """A file on this machine, and the lines of the difference that a person agreed to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, Field(description="Its absolute path.")]
    agreed: Annotated[
        Sequence[str] | None, Field(description="Null: nothing is applied, only compared.")
    ] = None


@dataclass(frozen=True)
class Applied:
    """What differs, one line each, and whether it was made so."""

    file: str
    lines: Sequence[str]
    applied: bool


def edit_routes(bot: Bot) -> APIRouter:
    """Make the route. Who may open the control socket may read the files of its owner."""
    router = APIRouter(tags=["sessions"])

    @router.post(
        "/api/sessions/apply",
        summary="Compare the live sessions with an edited file, and apply it",
        responses={
            200: {"model": Applied, "description": "The difference."},
            **documented(404, 409, 422, 500, 503),
        },
    )
    async def apply_file(body: ApplyBody) -> Response:
        store = bot.sessions.store
        try:
            found = await difference(store, Path(body.file))
            if body.agreed is None or not found:
                return JsonResponse(Applied(body.file, found.lines, applied=False))
            if tuple(body.agreed) != found.lines:
                raise Problem(409, "The sessions have changed since. Look at the difference again.")
            for session in found.removed:
                await bot.end_session(session.session_id)
            await apply(store, found)
        except SessionStoreError as error:
            raise Problem(422, str(error)) from error
        await _settle(bot, found)
        return JsonResponse(Applied(body.file, found.lines, applied=True))

    return router


async def _settle(bot: Bot, made: Difference) -> None:
    """Withdraw approvals that the person took out of a row; a row shows none that is not open."""
    opened = {record.id: record for record in await bot.approvals.records.open()}
    gone = [
        opened[pending.id]
        for row in made.changed
        for pending in row.live.pending_approval
        if pending not in row.wanted.pending_approval and pending.id in opened
    ]
    await bot.decisions.end(gone, "withdrawn", OPERATOR, None)
    for session in (*made.added, *(row.wanted for row in made.changed)):
        for pending in session.pending_approval:
            if pending.id not in opened:
                await bot.sessions.settle(session.session_id, pending.id)
