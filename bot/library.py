"""What people look things up in: their conversations by name and tag, and all their words."""

from dataclasses import dataclass

from sessions.forgotten import Forgotten
from sessions.search import Search
from sessions.shelf import Shelf


@dataclass(frozen=True)
class Library:
    """The conversations of all people, each person's own, and who was forgotten."""

    search: Search
    shelf: Shelf
    forgotten: Forgotten
