"""/api/guests: strangers whom the operator lets in with the code that they were given."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from adapters.api import Problem
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from adapters.contract import Address
from bot.bot import Bot
from bot.pace import Pace
from bot.web.admins import Admin
from bot.web.people import PersonBody
from sessions.guests import Guest, Guests

LET_IN = "You are let in. Write to me; /help lists what I can do."

TRIES_A_MINUTE = 10
"""Codes that are tried; who guesses would need a hundred thousand years."""


class CodeBody(BaseModel):
    """The code that a stranger was given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, Field(min_length=1, max_length=64, description="For example `K7M2XW4H`.")]


@dataclass(frozen=True)
class GuestView:
    """Somebody who was let in with a code, when, and by whom."""

    person: str
    accepted_at: datetime | None
    accepted_by: str


@dataclass(frozen=True)
class GuestList:
    """Everybody who was let in with a code, the first one first."""

    items: Sequence[GuestView]


def guest_routes(bot: Bot) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api/guests", tags=["operation"])
    guests = Guests(bot.office.database)
    pace = Pace(TRIES_A_MINUTE, ticks=time.monotonic)

    @router.get(
        "",
        summary="List who was let in with a code",
        responses={
            200: {"model": GuestList, "description": "All of them."},
            **documented(401, 403, 500),
        },
    )
    async def list_guests(_caller: Admin) -> Response:
        return JsonResponse(GuestList([_view(each) for each in await guests.accepted()]))

    @router.post(
        "/accept",
        summary="Let somebody in",
        description="With the code that the bot gave them; it works once and for an hour.",
        responses={
            200: {"model": GuestView, "description": "They are let in."},
            **documented(401, 403, 404, 422, 429, 500),
        },
    )
    async def accept(body: CodeBody, caller: Admin) -> Response:
        by = caller.decides_as(caller.address_of("")).person
        if wait := pace.take(by):
            headers = {"Retry-After": str(int(wait.total_seconds()) + 1)}
            raise Problem(429, "Too many codes were tried. Wait a minute.", headers=headers)
        guest = await guests.accept(body.code, by=by, at=bot.clock())
        if guest is None:
            raise Problem(404, "Nobody was given this code, or it has expired.")
        platform, _, user = guest.person.partition(":")
        await bot.turns.outbox.say(Address(platform, user, user), LET_IN)
        return JsonResponse(_view(guest))

    @router.post(
        "/remove",
        summary="Let somebody in no more",
        status_code=204,
        responses={
            204: {"description": "They are turned away again."},
            **documented(401, 403, 404, 422, 500),
        },
    )
    async def remove(body: PersonBody, _caller: Admin) -> Response:
        if not await guests.remove(body.person):
            raise Problem(404, f"{body.person} was not let in with a code.")
        return Response(status_code=204)

    return router


def _view(guest: Guest) -> GuestView:
    return GuestView(guest.person, guest.accepted_at, guest.accepted_by)
