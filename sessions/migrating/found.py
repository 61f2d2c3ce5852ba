"""What is found in the files of another bot, before anybody knows whose it is here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from sessions.models import Session

MOST_REMARKS = 500
AND_MORE = "further remarks"

Role = Literal["user", "assistant"]


class SourceRefused(Exception):
    """Nothing can be brought in from there; the text is a sentence. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `at` is None if the file does not say when; `name` is of who said it."""

    role: Role
    text: str
    at: datetime | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, in order. `who` are names of its person, the best first."""

    key: str
    who: tuple[str, ...]
    said: Sequence[Said]
    title: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """A row of a file of sessions: the session, and names that the file has for its person.

    Its `user_id`, `platform` and `thread_id` are as they stand in the file. `person` is who that is
    here; empty as long as nobody knows.
    """

    session: Session
    who: tuple[str, ...]
    person: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is not taken over, or (if it is `taken`) not as it was: what, and why."""

    what: str
    why: str
    many: int = 1
    taken: bool = False


@dataclass(slots=True)
class Remarks:
    """Collects remarks; the same again is counted."""

    counts: dict[tuple[str, str, bool], int] = field(default_factory=dict)

    def leave_out(self, what: str, why: str, many: int = 1) -> None:
        """Note what is not taken over."""
        self._note(what, why, many, taken=False)

    def change(self, what: str, why: str, many: int = 1) -> None:
        """Note what is taken over in another form."""
        self._note(what, why, many, taken=True)

    def _note(self, what: str, why: str, many: int, *, taken: bool) -> None:
        # A name in a file may be of half characters, and remarks are shown and written down.
        key = (_whole(what), _whole(why), taken)
        if key not in self.counts and len(self.counts) >= MOST_REMARKS:
            key = (AND_MORE, "There are too many to list.", taken)
        self.counts[key] = self.counts.get(key, 0) + many

    def all(self) -> Sequence[Remark]:
        """Give them in the order in which they were first made."""
        return [Remark(what, why, many, taken) for (what, why, taken), many in self.counts.items()]


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


class Source(Protocol):
    """A file, or a part of one, that is recognised. Reading it only reads, and may block."""

    @property
    def kind(self) -> str:
        """What it is, in words."""
        ...

    @property
    def name(self) -> str:
        """Its name below what was asked for."""
        ...

    def talks(self, remarks: Remarks) -> Iterator[Talk]:
        """Give the conversations in it.

        Raises:
            SourceRefused: it cannot be read to its end.
        """
        ...

    def sessions(self, remarks: Remarks) -> Iterator[Live]:
        """Give the sessions in it."""
        ...
