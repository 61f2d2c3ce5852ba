"""/api/people: who is blocked, blocking somebody, and letting them speak again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from adapters.api import Problem
from adapters.api.json_response import JsonResponse
from adapters.api.problems import documented
from bot.bot import Bot
from bot.web.admins import Admin
from sessions.models import Person

PERSON = r"^[a-z][a-z0-9_-]*:\S+$"


def _a_person(written: str) -> str:
    if not re.fullmatch(PERSON, written):
        raise ValueError("write platform:id, such as telegram:12345; /whoami tells one's own")
    return written


class PersonBody(BaseModel):
    """A person, wherever they write."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: Annotated[
        str,
        AfterValidator(_a_person),
        Field(
            max_length=300,
            json_schema_extra={"pattern": PERSON},
            description="As `platform:id`, for example `telegram:12345`.",
        ),
    ]


@dataclass(frozen=True)
class BlockedPerson:
    """Somebody who may not speak here, since when, and who decided that."""

    person: str
    blocked_at: datetime | None
    blocked_by: str


@dataclass(frozen=True)
class BlockedPeople:
    """Everybody who is blocked, who is so for longest first."""

    items: Sequence[BlockedPerson]


def people_routes(bot: Bot) -> APIRouter:
    """Make the routes. Who is blocked is told so, and heard no more."""
    router = APIRouter(prefix="/api/people", tags=["operation"])

    @router.get(
        "/blocked",
        summary="List who is blocked",
        responses={
            200: {"model": BlockedPeople, "description": "All of them."},
            **documented(401, 403, 500),
        },
    )
    async def list_blocked(_caller: Admin) -> Response:
        return JsonResponse(BlockedPeople([_view(each) for each in await people.blocked()]))

    @router.post(
        "/block",
        summary="Block somebody",
        description="They stay blocked as they are, and by whom, if they are already.",
        responses={
            200: {"model": BlockedPerson, "description": "They are blocked."},
            **documented(401, 403, 422, 500),
        },
    )
    async def block(body: PersonBody, caller: Admin) -> Response:
        found = await people.get(body.person)
        if found.blocked_at is None:
            by = caller.decides_as(caller.address_of("")).person
            found = await people.block(body.person, by=by, at=bot.clock())
        return JsonResponse(_view(found))

    @router.post(
        "/unblock",
        summary="Let somebody speak again",
        status_code=204,
        responses={
            204: {"description": "They may speak."},
            **documented(401, 403, 404, 422, 500),
        },
    )
    async def unblock(body: PersonBody, _caller: Admin) -> Response:
        if (await people.get(body.person)).blocked_at is None:
            raise Problem(404, f"There is no block of {body.person}.")
        await people.unblock(body.person)
        await bot.reminding.look_again()
        return Response(status_code=204)

    people = bot.turns.people
    return router


def _view(person: Person) -> BlockedPerson:
    return BlockedPerson(person.person, person.blocked_at, person.blocked_by)
