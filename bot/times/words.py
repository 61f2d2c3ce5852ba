"""The words that people use for times, and what is said when they cannot be read."""

import re

EXAMPLES = (
    "Write for example: in 10 minutes, tomorrow at 9, Monday at 17:30, on 3 March at noon, "
    "every day at 8:30, every Monday."
)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
COUNTS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip
ORDINALS = ("first", "second", "third", "fourth", "fifth")

# The whole name, or how it is commonly cut.
WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
DAY = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"


class Unclear(Exception):
    """A time cannot be read, or is none to come; the text is a sentence that says why."""


def unread(words: str) -> Unclear:
    """Say that a time was not understood, and what would be."""
    return Unclear(f"{words.strip()!r} is no time that I can read. {EXAMPLES}")


def plain(words: str) -> str:
    """Give words without what makes no difference: case, commas, spaces, a full stop."""
    kept = re.sub(r"(?<=\d) ?o['’]clock\b", ":00", words.lower())
    kept = " ".join(re.sub(r"\bo['’]clock\b|,", " ", kept).split())
    return kept if kept.endswith("m.") else kept.rstrip("!?. ")


def weekday(word: str) -> int:
    """Give the number of a weekday that `WEEKDAY` matched; Monday is 0."""
    return next(i for i, name in enumerate(WEEKDAYS) if name.lower().startswith(word[:2]))


def month(word: str) -> int:
    """Give the number of a month that `MONTH` matched; January is 1."""
    return next(i for i, name in enumerate(MONTHS, 1) if name.lower().startswith(word[:3]))


def count(word: str) -> int:
    """Read a number in figures or as a word: 2, two, second."""
    if word in ORDINALS:
        return ORDINALS.index(word) + 1
    if word in COUNTS:
        return COUNTS.index(word)
    return int(re.sub(r"\D", "", word))
