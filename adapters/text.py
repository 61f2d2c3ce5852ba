"""Splitting a long Markdown text into messages, so that each is whole Markdown of its own."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

FENCE = re.compile(r"^(?P<indent> {0,3})(?P<marks>`{3,}|~{3,})(?P<info>[^`\n]*)$")
MARKS = re.compile(r"^ {0,3}(`{3}|~{3})")
ENDS = re.compile(r"(?<=[.!?…])\s+|\s+")
"""Where a long line may be cut: after a sentence, else between words."""

FEW_LINES = 3
"""A code block of which no more would stand in a message moves to the next one as a whole."""

SHORTEST = 64

Measure = Callable[[str], int]


def utf16_length(text: str) -> int:
    """Count UTF-16 code units, as Telegram does."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass
class _Part:
    """A part that is being filled.

    `opening` is the line that opens the code block which it is in, and stands at `opened_at`;
    `paragraph_at` is where its last paragraph begins, outside of code.
    """

    limit: int
    length: Measure
    lines: list[str] = field(default_factory=list)
    opening: str = ""
    opened_at: int = 0
    paragraph_at: int = 0

    @property
    def closing(self) -> str:
        match = FENCE.match(self.opening)
        return match["marks"] if match else ""

    def text(self, *more: str) -> str:
        closing = (self.closing,) if self.closing else ()
        return "\n".join((*self.lines, *more, *closing)).strip("\n")

    def fits(self, line: str) -> bool:
        return self.length(self.text(line)) <= self.limit

    def add(self, line: str) -> None:
        match = FENCE.match(line)
        if match and not self.opening:
            self.opening, self.opened_at = line, len(self.lines)
        elif match and match["marks"].startswith(self.closing) and not match["info"].strip():
            self.opening = ""
        self.lines.append(line)
        if not line.strip() and not self.opening:
            self.paragraph_at = len(self.lines)

    def cut(self) -> tuple[str, "_Part"]:
        """End it at the best place: what it says, and the part that comes next."""
        if self.opening:
            before = self._upto(self.opened_at)
            if before.strip() and len(self.lines) - self.opened_at <= FEW_LINES:
                return before, self._from(self.opened_at)
            following = _Part(self.limit, self.length)
            following.add(self.opening)
            return self.text(), following
        before = self._upto(self.paragraph_at)
        if self.length(before) >= self.limit // 2:
            return before, self._from(self.paragraph_at)
        return self.text(), _Part(self.limit, self.length)

    def _upto(self, index: int) -> str:
        return "\n".join(self.lines[:index]).strip("\n")

    def _from(self, index: int) -> "_Part":
        following = _Part(self.limit, self.length)
        for line in self.lines[index:]:
            following.add(line)
        return following


def split(text: str, limit: int, length: Measure = len) -> list[str]:
    """Split a text into parts of at most `limit`, as `length` measures them.

    It is cut between paragraphs, else between lines, sentences, words. A code block that is cut
    is closed and opened again. Nothing but blank lines at a cut is left out.

    Raises:
        ValueError: the limit is less than 64.
    """
    if limit < SHORTEST:
        raise ValueError(f"no sensible part has at most {limit} characters")
    parts: list[str] = []
    part = _Part(limit, length)
    for line in text.split("\n"):
        for piece in _pieces(line, part, limit, length):
            while not part.fits(piece):
                finished, part = part.cut()
                parts.append(finished)
            part.add(piece)
    parts.append(part.text())
    return [each for each in parts if each.strip()] or [""]


def _pieces(line: str, part: _Part, limit: int, length: Measure) -> Iterator[str]:
    """Give a line, in pieces if no message of its own could hold it."""
    opening = part.opening
    room = limit - (length(f"{opening}\n\n{part.closing}") if opening else 0)
    most = limit // 4 if FENCE.match(line) else room
    if MARKS.match(line) and length(line) > most:  # no fence: a program gone wrong
        line = f"\u200b{line}"
    while length(line) > room:
        cut = _best_cut(line, room, length, in_code=bool(opening))
        yield line[:cut] if opening else line[:cut].rstrip()
        line = line[cut:] if opening else line[cut:].lstrip()
        if MARKS.match(line):  # the rest of a line neither opens nor closes anything
            line = f"\u200b{line}"
    yield line


def _best_cut(line: str, room: int, length: Measure, *, in_code: bool) -> int:
    """Say how many characters of a line go into the room, up to a good place."""
    low, high = 0, len(line)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(line[:middle]) <= room else (low, middle - 1)
    if in_code:
        return max(low, 1)
    places = list(ENDS.finditer(line, 0, low))
    sentences = [each.end() for each in places if line[each.start() - 1] in ".!?…"]
    for ends in (sentences, [each.end() for each in places]):
        if ends and ends[-1] >= low // 2:
            return ends[-1]
    return max(low, 1)
