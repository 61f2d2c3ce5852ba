"""What people have of what was said: to find, name, copy, take along and have forgotten."""

from dataclasses import dataclass

from bot.archives import Archives
from sessions.copies import Copies
from sessions.forgotten import Forgotten
from sessions.search import Search
from sessions.shelf import Shelf


@dataclass(frozen=True)
class Library:
    """The conversations of all people, each person's own, and who was forgotten."""

    search: Search
    shelf: Shelf
    forgotten: Forgotten
    copies: Copies
    archives: Archives
