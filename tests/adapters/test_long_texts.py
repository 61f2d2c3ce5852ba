"""A text that is too long for one message comes in several, and nothing of it is lost."""

import random

import pytest

from adapters.text import FENCE, split, utf16_length

WORDS = ["tea", "Straße", "日本語", "👩‍👩‍👧", "a.b.c", "`code`", "**bold**", "end.", "why?"]


def document(seed: int) -> str:
    """Make up Markdown: paragraphs, lists, code, a table, and lines without end."""
    dice = random.Random(seed)
    lines: list[str] = []
    for _ in range(dice.randint(1, 25)):
        kind = dice.choice(["paragraph", "list", "code", "table", "endless", "blank"])
        if kind == "paragraph":
            lines.append(" ".join(dice.choices(WORDS, k=dice.randint(1, 120))))
        elif kind == "list":
            lines += [f"- {' '.join(dice.choices(WORDS, k=5))}" for _ in range(dice.randint(1, 9))]
        elif kind == "code":
            marks = dice.choice(["```", "````", "~~~"])
            body = [f"    line {n}: {dice.choice(WORDS)}" for n in range(dice.randint(0, 40))]
            lines += [f"{marks}{dice.choice(['', 'python'])}", *body, marks]
        elif kind == "table":
            lines += ["| a | b |", "|---|---|", *(f"| {n} | {n * n} |" for n in range(12))]
        elif kind == "endless":
            lines.append(dice.choice(["x", "👩", "日"]) * dice.randint(1, 900))
        else:
            lines.append("")
    return "\n".join(lines)


def bare(text: str) -> str:
    """Give the words of a text without its spaces and fences."""
    return "".join("".join(line.split()) for line in text.split("\n") if not FENCE.match(line))


@pytest.mark.parametrize("seed", range(200))
def test_every_part_fits_and_nothing_is_lost(seed: int) -> None:
    text = document(seed)
    limit = random.Random(seed).choice([64, 100, 333, 2000, 4096])
    parts = split(text, limit, utf16_length)
    assert all(utf16_length(part) <= limit for part in parts)
    assert bare("\n".join(parts)) == bare(text)
    assert all(part.strip() for part in parts) or parts == [""]


@pytest.mark.parametrize("seed", range(100))
def test_every_code_block_is_whole_in_its_message(seed: int) -> None:
    for part in split(document(seed), 200):
        opening = ""
        for line in part.split("\n"):
            match = FENCE.match(line)
            if match and not opening:
                opening = match["marks"]
            elif match and match["marks"].startswith(opening) and not match["info"].strip():
                opening = ""
        assert opening == "", part


def test_code_that_goes_on_in_the_next_message_names_its_language_again() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(60))
    first, second, *_ = split(f"Here it is:\n\n```python\n{code}\n```\nDone.", 400)
    assert first.endswith("\n```")
    assert second.startswith("```python\nline_")


def test_code_that_has_only_begun_moves_to_the_next_message() -> None:
    text = f"{'word ' * 35}\n\n```python\nprint('a' * {'1' * 40})\n```"
    first, second = split(text, 200)
    assert "```" not in first
    assert second.startswith("```python\nprint(")


def test_it_is_cut_between_paragraphs_then_sentences_then_words() -> None:
    paragraph = " ".join(["One two three four."] * 8)
    assert split(f"{paragraph}\n\n{paragraph}", 200) == [paragraph, paragraph]
    assert all(part.endswith(".") for part in split(" ".join([paragraph] * 4), 150))
    assert all(part.split()[-1] == "word" for part in split("word " * 200, 64))


def test_a_short_text_is_one_message() -> None:
    assert split("Hello.", 2000) == ["Hello."]
    assert split("", 2000) == [""]


def test_a_limit_without_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="no sensible part"):
        split("Hello", 3)


@pytest.mark.parametrize("mark", ["`", "~"])
@pytest.mark.parametrize("between", ["", "x"])
def test_a_line_of_nothing_but_fences_ends_too(mark: str, between: str) -> None:
    parts = split(f"before\n{mark * 4000}{between}{mark * 100}\nafter", 2000)
    assert max(map(len, parts)) <= 2000
    assert "".join(parts).count(mark) == 4100
    assert parts[-1].endswith("after")
