"""Whose here is what somebody said to another bot: as the operator says, and never by guessing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PERSON = re.compile(r"[a-z][a-z0-9_]{0,30}:[^\s\0-\x1f\ud800-\udfff]{1,200}")
NUMBERED = ("telegram", "discord")


def problem_with(person: str) -> str:
    """Say in a sentence why this names nobody; empty if it does."""
    platform, _, user = person.partition(":")
    if not PERSON.fullmatch(person):
        return f"{person[:100]!r} names nobody; say it as telegram:12345."
    if platform in NUMBERED and not user.isdecimal():
        return f"{person!r} names nobody: people of {platform.title()} have numbers."
    return ""


@dataclass(frozen=True, slots=True)
class Whose:
    """Who is who: `person` has what names nobody, `people` maps names of the other bot to people.

    Names that are not mapped are people of `platform` (``telegram``, ``api``, or ``api:shop`` for
    those of one key); empty: only names that have their platform in them are understood.
    """

    person: str = ""
    platform: str = ""
    people: Mapping[str, str] = field(default_factory=dict)

    def problem(self) -> str:
        """Say in a sentence what is wrong with it; empty if nothing is."""
        for each in (*([self.person] if self.person else ()), *self.people.values()):
            if found := problem_with(each):
                return found
        if self.platform and problem_with(f"{self._beginning}1"):
            return f"{self.platform[:100]!r} is no platform; say telegram, discord or api."
        return ""

    def of(self, key: str, names: Sequence[str]) -> str:
        """Give the person that a conversation belongs to; empty if nobody can know."""
        for each in (key, *names):
            if each in self.people:
                return self.people[each]
        for each in names:
            if person := self._as_written(each):
                return person
        if not names:
            return self.person
        if self.platform:
            for each in names:
                person = f"{self._beginning}{each.rpartition(':')[2]}"
                if not problem_with(person):
                    return person
        return ""

    @property
    def _beginning(self) -> str:
        platform, _, key = self.platform.partition(":")
        return f"{platform}:{key}/" if key else f"{platform}:"

    def _as_written(self, name: str) -> str:
        """Read a name that has its platform in it: telegram:12345, telegram_12345, api:ann."""
        if name.startswith("api:") and not problem_with(name):
            return name
        for platform in NUMBERED:
            for mark in ":_":
                user = name.removeprefix(f"{platform}{mark}")
                if user != name and user.removeprefix(f"{platform}_").isdecimal():
                    return f"{platform}:{user.removeprefix(f'{platform}_')}"
        return ""
