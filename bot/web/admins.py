"""Routes for admins alone: their keys, or without keys whoever is on this machine."""

from typing import Annotated

from fastapi import Depends

from adapters.api import Caller, Problem
from adapters.api.caller import caller_of


async def admin(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
    """Give the caller if it is an admin.

    Raises:
        Problem: 403, it is not.
    """
    if not caller.sees_everything:
        raise Problem(403, "This is for admin keys.")
    return caller


Admin = Annotated[Caller, Depends(admin)]
