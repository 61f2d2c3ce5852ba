"""What is wrong with the settings, said so that a person can mend it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong setting: its name, where it was set, what is wrong, and a right value."""

    name: str
    origin: str
    wrong: str
    example: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.name} ({self.origin}): {self.wrong}. Example: {self.example}"


class SettingsWrong(Exception):
    """Some settings are wrong; `problems` are all of them, and the text says them all."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        count = "One setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        super().__init__("\n".join([f"{count} wrong:", *(f"  {problem}" for problem in problems)]))


IN_WORDS: Mapping[str, str] = {
    "int_parsing": "is not a whole number",
    "int_parsing_size": "is not a whole number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "finite_number": "is not a number",
    "greater_than": "is not more than {gt:.10g}",
    "greater_than_equal": "is less than {ge:.10g}",
    "less_than_equal": "is more than {le:.10g}",
    "string_too_long": "is longer than {max_length} characters",
    "literal_error": "is not {expected}",
    "value_error": "{error}",
}


def in_words(error: ErrorDetails) -> str:
    """Say what pydantic found, without the value: it may be a secret."""
    limits: Mapping[str, Any] = error.get("ctx", {})
    words = IN_WORDS.get(error["type"])
    return error["msg"] if words is None else words.format(**limits)
