"""Every command of the operator, with a bot running and without one."""

import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Literal

import pytest

from tests.cli.program import Threadline, in_process, running_bot, write_env


@pytest.fixture(params=["the bot runs", "no bot runs"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    write_env(tmp_path)
    way: Literal["the bot runs", "no bot runs"] = request.param
    with running_bot(tmp_path) if way == "the bot runs" else nullcontext():
        yield tmp_path


@pytest.fixture
def threadline(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Threadline:
    return in_process(home, monkeypatch, capsys)


def test_a_chat_in_the_terminal_is_a_session_that_can_be_listed_shown_and_ended(
    threadline: Threadline,
) -> None:
    assert "Hello" in threadline("chat", typed="hello\n").out
    listed = threadline("sessions", "list")
    assert "\tterminal\tapi\t" in listed.out
    session_id = listed.first_cell
    assert session_id in threadline("sessions", "show", session_id).out
    (as_json,) = json.loads(threadline("sessions", "list", "--json").out)
    assert as_json["session_id"] == session_id
    assert threadline("sessions", "list", "--user", "nobody").out == ""
    asked = threadline("sessions", "end", session_id)
    assert (asked.status, "--yes" in asked.err) == (1, True)
    assert threadline("sessions", "end", session_id, "--yes").out == f"Ended {session_id}.\n"
    assert threadline("sessions", "list").out == ""


def test_an_approval_is_listed_shown_and_approved_once(threadline: Threadline) -> None:
    asked = threadline("chat", typed="send hello to telegram:5\n").out
    approval_id = threadline("approvals", "list").first_cell
    assert approval_id in asked
    shown = threadline("approvals", "show", approval_id).out
    assert 'send_message(text="hello", to="telegram:5")' in shown
    approved = threadline("approvals", "approve", approval_id)
    assert (approved.status, approved.out.startswith("Approved by operator (api:operator)")) == (
        0,
        True,
    )
    again = threadline("approvals", "reject", approval_id)
    assert (again.status, again.out) == (1, "")
    assert "decided already" in again.err
    assert threadline("approvals", "list").out == ""
    assert "\tapproved\t" in threadline("approvals", "list", "--all").out


def test_a_chat_shows_each_thing_once_also_what_comes_into_the_mailbox(
    threadline: Threadline,
) -> None:
    first = threadline("chat", typed="hello\n/whoami\nsend ahoy to me\n").out
    assert (first.count("Hello"), first.count("api:terminal")) == (1, 1)
    approval_id = threadline("approvals", "list").first_cell
    decided = threadline("chat", typed=f"/approve {approval_id}\n/help\n").out
    assert decided.count("Approved by") == 1
    assert decided.count("is on its way") == 1
    assert decided.splitlines().count("ahoy") == 1
    assert decided.count("/whoami") == 1


def test_an_approval_is_rejected_with_a_reason(threadline: Threadline) -> None:
    threadline("chat", typed="send hello to telegram:5\n")
    approval_id = threadline("approvals", "list").first_cell
    rejected = threadline("approvals", "reject", approval_id, "--reason", "not today")
    assert rejected.out.startswith("Rejected by operator (api:operator)")
    assert "not today" in rejected.out


def test_an_approval_is_approved_with_other_arguments(threadline: Threadline) -> None:
    threadline("chat", typed="send hello to telegram:5\n")
    approval_id = threadline("approvals", "list").first_cell
    wrong = threadline("approvals", "approve", approval_id, "--edit", "hello")
    assert wrong.status == 2
    edited = '{"to": "telegram:6", "text": "hi"}'
    said = threadline("approvals", "approve", approval_id, "--edit", edited)
    assert said.status == 0, said.err
    assert "telegram:6" in said.out


def test_an_edited_file_is_compared_and_applied(home: Path, threadline: Threadline) -> None:
    threadline("chat", "--as", "ann", typed="hello\n")
    threadline("chat", "--as", "bob", typed="hello\nsend hello to telegram:5\n")
    ids = {one["user_id"]: one for one in json.loads(threadline("sessions", "list", "--json").out)}
    wanted = home / "mine.csv"
    rows = eventually_rows(home / "sessions.csv", 3)
    wanted.write_text("\n".join(row for row in rows if ",bob," not in row) + "\n")
    compared = threadline("sessions", "apply", str(wanted))
    assert (compared.status, compared.out) == (1, f"remove {ids['bob']['session_id']} (bob)\n")
    assert threadline("sessions", "apply", str(wanted), "--yes").out.endswith("Applied.\n")
    assert "\tann\t" in threadline("sessions", "list").out
    assert "\tbob\t" not in threadline("sessions", "list").out
    assert threadline("approvals", "list").out == "", "what was open there is withdrawn"
    assert threadline("sessions", "apply", str(wanted)).out == "Nothing differs.\n"


def eventually_rows(file: Path, count: int) -> list[str]:
    """Give the lines of the file, which follows within about a second."""
    for _ in range(200):
        rows = file.read_text().splitlines()
        if len(rows) == count:
            break
        time.sleep(0.05)
    return rows


def test_what_does_not_exist_is_said_in_a_sentence(home: Path, threadline: Threadline) -> None:
    for command in (
        ("sessions", "show", "nope"),
        ("sessions", "end", "nope", "--yes"),
        ("approvals", "show", "nope"),
        ("approvals", "approve", "nope"),
        ("sessions", "apply", str(home / "nope.csv")),
    ):
        said = threadline(*command)
        assert (said.status, said.out) == (1, "")
        assert said.err.count("\n") == 1, said.err
        assert said.err.startswith("There is no ")
