"""Whose conversations a request is about, and whether its caller may see them."""

from typing import Annotated

from fastapi import Depends, Query

from adapters.api import Caller, Problem
from adapters.api.bodies import USER_ID
from adapters.api.caller import PLATFORM, caller_of
from adapters.contract import Address
from sessions.models import Conversation

UserId = Annotated[
    str | None,
    Query(pattern=USER_ID, description="A person whom this caller names in `/api/chat`."),
]
Person = Annotated[
    str,
    Query(max_length=300, description="Anybody, as `telegram:12345`. For admin keys."),
]


async def owner_asked_for(
    caller: Annotated[Caller, Depends(caller_of)], user_id: UserId = None, person: Person = ""
) -> str:
    """Give the owner whom a request names; empty if it names none.

    Raises:
        Problem: 403, an app key names somebody as only admins may.
    """
    if person and not caller.sees_everything:
        raise Problem(403, "`person` is for admin keys; `user_id` names your own people.")
    return person or (caller.address_of(user_id).person if user_id else "")


Owner = Annotated[str, Depends(owner_asked_for)]


def owners_of(caller: Caller) -> str:
    """Give the beginning that the names of all owners have whom a caller may see."""
    return "" if caller.sees_everything else f"{PLATFORM}:{caller.people}"


def may_see(caller: Caller, conversation: Conversation) -> bool:
    """Say whether a conversation is this caller's to see."""
    platform, _, person = conversation.owner.partition(":")
    return caller.may_see(Address(platform, person, person))
