"""Markdown arrives as Telegram shows it: nothing lost, nothing that Telegram refuses."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram.entities import Span, checked
from adapters.telegram.format import LONGEST, Part, parts_of
from adapters.text import utf16_length
from tests.emulators.telegram.text import TEXT_LIMIT, formatted, part

PIECES = (
    "# A heading", "Some **bold _and italic_** words", "`code` and **bold `code` in it**",
    "> a quote\n> with `code`", "```python\nprint('<b>')\n```", "| a | b |\n|---|---|\n| 1 | 2 |",
    "[link](https://example.org)", "[bad](javascript:alert(1))", "- one\n- two\n  - three",
    "1. first\n2. second", "~~gone~~ and __under__ and ||hidden||", "<b>x</b> 1 < 2 && 3 > 2",
    "costs $5 and $6, or $a$", "👩‍🚀🚀 astronauts 🚀", "\\*not bold\\*", "***", "![pic](https://a.org/p.png)",
    "a [**bold** `link`](https://example.org) here", "> > nested\n> quote", "word " * 300,
)  # fmt: skip


def taken(parts: list[Part]) -> str:
    """Give the texts, if Telegram takes each of them as it is."""
    for each in parts:
        text, entities = formatted(each.text, [e.to_dict() for e in each.entities], TEXT_LIMIT)
        assert text.strip() == each.text.strip()
        assert len(entities) == len(each.entities)
    return "\n".join(each.text for each in parts)


def styled(markdown: str, kind: str) -> list[str]:
    """Give what is covered by entities of a kind."""
    (one,) = parts_of(markdown)
    return [part(one.text, e.to_dict()) for e in one.entities if e.type == kind]


def test_tags_and_comparisons_stay_as_they_were_written() -> None:
    assert taken(parts_of("<b>x</b> 1 < 2 and a<b>c</b>")) == "<b>x</b> 1 < 2 and a<b>c</b>"


def test_prices_are_no_formulas() -> None:
    assert taken(parts_of("costs $5/$6, or $x$")) == "costs $5/$6, or $x$"


def test_code_is_kept_to_the_letter() -> None:
    assert styled("```python\nif a < b: $x = '<b>'\n```", "pre") == ["if a < b: $x = '<b>'"]


def test_bold_stops_where_code_begins() -> None:
    markdown = "**bold `code` again**"
    assert styled(markdown, "code") == ["code"]
    assert styled(markdown, "bold") == ["bold ", " again"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://localhost:8000/x", "file:///x"])
def test_what_may_be_no_link_is_written_out(address: str) -> None:
    (one,) = parts_of(f"see [here]({address}), **now**")
    assert one.text == f"see here ({address}), now"
    assert [e.type for e in one.entities] == ["bold"]
    assert styled(f"see [here]({address}), **now**", "bold") == ["now"]


def test_headings_and_lists_have_no_ornaments() -> None:
    assert taken(parts_of("# Title\n\n- one\n- two")) == "Title\n\n• one\n• two"


def test_a_table_that_goes_on_has_its_head_in_each_message() -> None:
    rows = "\n".join(f"| {number} | a value of some length {number} |" for number in range(300))
    parts = parts_of(f"Before\n\n| number | value |\n|---|---|\n{rows}")
    assert len(parts) > 2
    assert all("number" in each.text.split("\n")[0] for each in parts[1:])
    text = taken(parts)
    assert all(re.search(rf"of some length {number}\b", text) for number in range(300))


def test_a_code_block_that_goes_on_is_code_in_each_message() -> None:
    code = "\n".join(f"line {number} of the program" for number in range(500))
    parts = parts_of(f"Look:\n\n```python\n{code}\n```\n\nThat is it.")
    assert len(parts) > 2
    assert all(any(e.type == "pre" for e in each.entities) for each in parts)
    assert all(f"line {number} of the program" in taken(parts) for number in range(500))


def test_letters_that_count_twice_are_counted_twice() -> None:
    parts = parts_of("🚀" * 5000)
    assert all(utf16_length(each.text) <= LONGEST for each in parts)
    assert "".join(each.text for each in parts) == "🚀" * 5000


def test_entities_that_cross_are_cut_and_those_outside_are_dropped() -> None:
    spans = [
        Span("bold", 0, 6),
        Span("italic", 3, 9),
        Span("code", 4, 5),
        Span("bold", 8, 400),
        Span("text_link", 2, 3, "javascript:x"),
        Span("strange", 0, 3),
        Span("blockquote", 0, 9),
        Span("blockquote", 2, 5),
    ]
    text = "0123456789 "
    found = checked(text, spans)
    formatted(text, [each.to_dict() for each in found], TEXT_LIMIT)
    assert {e.type for e in found} == {"bold", "italic", "code", "blockquote"}


def test_documents_of_all_kinds_are_taken_by_telegram() -> None:
    chance = random.Random(7)
    for _ in range(150):
        document = "\n\n".join(chance.choices(PIECES, k=chance.randint(1, 40)))
        parts = parts_of(document)
        taken(parts)
        assert all(utf16_length(each.source) <= LONGEST for each in parts)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab*_`~|[]()<>$#-\n \\🚀>.1:/", max_size=300))
def test_whatever_is_written_something_is_shown(text: str) -> None:
    if text.strip():
        taken(parts_of(text))
        assert any(each.text.strip() for each in parts_of(text))
