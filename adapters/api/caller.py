"""Who makes a request: a program with a key, or the operator of this machine."""

from dataclasses import dataclass
from typing import Literal

from fastapi import Request

from adapters.contract import Address

PLATFORM = "api"


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that speaks for people.

    With `keyed` the people whom it names belong to its key: the same `user_id` through another
    key is somebody else. Without, the caller is the operator, and a `user_id` stands for itself.
    """

    name: str
    role: Literal["app", "admin"]
    keyed: bool = True

    @property
    def sees_everything(self) -> bool:
        """Whether nothing is hidden from this caller."""
        return self.role == "admin"

    @property
    def people(self) -> str:
        """The beginning of the ids of its people; empty if they have none in common."""
        return f"{self.name}/" if self.keyed else ""

    def address_of(self, user_id: str) -> Address:
        """Give the address of a person whom this caller names."""
        person = f"{self.people}{user_id}"
        return Address(PLATFORM, person, person)

    def may_see(self, owner: Address) -> bool:
        """Say whether what belongs to `owner` is this caller's to see."""
        return self.sees_everything or (
            owner.platform == PLATFORM and owner.user_id.startswith(self.people)
        )

    def decides_as(self, requester: Address) -> Address:
        """Say as whom it decides: an admin as itself, an app as the person who asked."""
        if self.sees_everything:
            return Address(PLATFORM, self.name, self.name)
        return requester


OPERATOR = Caller("operator", "admin", keyed=False)


async def caller_of(request: Request) -> Caller:
    """Give the caller whom the server found before it came to the route.

    It waits for nothing, but FastAPI runs what is no coroutine in a thread, at every request.
    """
    caller: Caller = request.state.caller
    return caller
