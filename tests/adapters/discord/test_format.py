"""Markdown as a model writes it is shown as Discord can show it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.format import AGAIN, LONGEST, as_discord_shows, messages_of
from adapters.text import utf16_length

LINES = st.lists(
    st.sampled_from(
        ["words " * 40, "```python", "```", "| a | b |", "|---|---|", "| 1 | 2 |", "", "😀" * 70]
    ),
    max_size=60,
)


@given(LINES, st.booleans())
def test_no_message_is_too_long(lines: list[str], again: bool) -> None:
    room = LONGEST - len(AGAIN) - 1 if again else LONGEST
    for message in messages_of("\n".join(lines), again=again):
        assert utf16_length(message) <= room


@pytest.mark.parametrize(
    "text",
    [
        "```\n| a | b |\n|---|---|\n```",
        "a | b is a choice\nand no table",
        "# One\n## Two\n### Three",
        "| a | b |\n|---|---|---|",
    ],
)
def test_what_is_no_table_is_left_as_it_is(text: str) -> None:
    assert as_discord_shows(text) == text


def test_a_table_stands_in_columns() -> None:
    text = "Look:\n|who|what|\n|:--|--:|\n|ann|tea \\| milk|\n|bo|\nDone."
    shown = "Look:\n```\nwho | what\n----|-----------\nann | tea | milk\nbo  |\n```\nDone."
    assert as_discord_shows(text) == shown


def test_deep_headings_and_pictures_have_a_form_too() -> None:
    assert as_discord_shows("#### Deep ####") == "**Deep**"
    assert as_discord_shows("![cat](https://example.org/c.png 'x')") == (
        "[cat](https://example.org/c.png)"
    )


def test_a_text_of_half_a_picture_again_and_again_is_read_in_no_time() -> None:
    assert "".join(messages_of("![" * 20_000)) == "![" * 20_000
