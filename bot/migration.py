"""What is asked of a migration, and what comes of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sessions.migrating.diary import Migration
from sessions.migrating.staging import Staged
from sessions.migrating.whose import Whose

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be brought in, and whose it is."""

    path: Path
    whose: Whose

    @property
    def hash(self) -> str:
        """A hash by which the same is known for the same."""
        whose = self.whose
        said = [str(self.path), whose.person, whose.platform, sorted(whose.people.items())]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Report:
    """What a migration is, or would be if it was only looked at.

    `known` are messages that were here already, `people` how many conversations each gets,
    `strangers` those names that nobody has said to be anybody here. `problem` is the sentence that
    stands in its way; empty if nothing does. With `shifted` all conversations count as used now.
    """

    migration: Migration
    people: Mapping[str, int]
    strangers: Mapping[str, int]
    known: int
    shifted: bool = False
    problem: str = ""
    different: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken out, the conversations and sessions that are kept, and the backup before."""

    migration: str
    conversations: int
    messages: int
    sessions: int
    kept: Sequence[str]
    backup: str


def problem_of(staged: Staged, has_sessions: bool) -> str:
    """Say why nothing of it can come in; empty if something can."""
    if staged.conversations or has_sessions or not staged.strangers:
        return ""
    named = [each for each in staged.strangers if each]
    if not named:
        return "Nobody is named in it. Say whose it is with --person telegram:12345 (`person`)."
    some = ", ".join(named[:MOST_NAMED]) + (" and others" if len(named) > MOST_NAMED else "")
    return (
        f"It names {some}, and not who that is here. Say --as telegram, discord or api (`as`), or "
        "who is who with --people FILE (`people`)."
    )
