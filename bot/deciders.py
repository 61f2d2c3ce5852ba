"""Who may decide: per tool the requester, the admins, or two different admins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.contract import Action, Address, Approve, Edit, Verdict
from bot.addresses import address_of, recipient
from bot.errors import MisshapenVerdict
from sessions.models import ApprovalRecord

Decider = Literal["requester", "admins", "two"]
STRICTNESS: tuple[Decider, ...] = ("requester", "admins", "two")

OPERATOR = "api:operator"
"""Who speaks through the control socket, or over loopback when no API key exists."""


def strictest(deciders: list[Decider]) -> Decider:
    """Give the decider that satisfies all of these: a request is decided as a whole."""
    return max(deciders, key=STRICTNESS.index, default="requester")


@dataclass(frozen=True)
class Deciders:
    """The rules. `approvers` maps a tool to its decider, ``*`` to that of all others."""

    approvers: Mapping[str, Decider]
    admins: frozenset[str]

    def of(self, action: Action, requester: Address) -> Decider:
        """Say who decides about an action that this person caused.

        A message to oneself is the requester's to decide unless `approvers` names the tool; one
        to anybody else is never less than the admins'.
        """
        configured = self.approvers.get(action.name)
        default = configured or self.approvers.get("*", "requester")
        if action.name != "send_message":
            return default
        to = recipient(str(action.arguments.get("to", "")), requester)
        if to is not None and to.person == requester.person:
            return configured or "requester"
        return strictest([default, "admins"])

    def is_admin(self, person: str) -> bool:
        """Say whether this person decides for others."""
        return person == OPERATOR or person in self.admins

    def may_decide(self, decider: str, requester: str, person: str) -> bool:
        """Say whether this person may decide. An admin may also decide in the requester's name."""
        return self.is_admin(person) or (decider == "requester" and person == requester)

    def check_reach(self, record: ApprovalRecord, verdicts: Sequence[Verdict], person: str) -> None:
        """Refuse an edit that makes of an action one that this person may not decide.

        Raises:
            MisshapenVerdict: with the reason.
        """
        requester = address_of(record.place)
        for action, verdict in zip(record.actions, verdicts, strict=True):
            if isinstance(verdict, Approve) and verdict.for_session and record.decider == "two":
                raise MisshapenVerdict("What two people must decide is decided each time.")
            if not isinstance(verdict, Edit):
                continue
            decider = self.of(Action(action.name, verdict.arguments), requester)
            if strictest([decider, _decider(record.decider)]) == record.decider:
                continue
            if decider == "two" or not self.may_decide(decider, record.requester, person):
                raise MisshapenVerdict(f"With these arguments {in_words(decider)} must decide.")


def _decider(stored: str) -> Decider:
    return "two" if stored == "two" else "admins" if stored == "admins" else "requester"


def in_words(decider: str) -> str:
    """Say who decides, as it goes into a sentence."""
    return {
        "requester": "the person who asked or an admin",
        "admins": "an admin",
        "two": "two different admins",
    }[decider]
