"""`run` as a child process: its start, its end, and what it says when it cannot start."""

import json
import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.cli.program import as_child, running_bot, write_env


def log_of(home: Path) -> str:
    return (home / "data/logs/app.log").read_text()


def test_it_says_where_it_listens_answers_there_and_ends_cleanly(tmp_path: Path) -> None:
    write_env(tmp_path, BOT_NAME="Ada", SESION_TTL_MINUTES=5)
    with running_bot(tmp_path) as bot:
        said = bot.out.read_text()
        assert said.startswith("Ada is ready (Threadline ")
        assert "whoever reaches it on this machine is the operator" in said
        assert "SESSION_TTL_MINUTES is." in bot.err.read_text()
        url = next(word.rstrip(",") for word in said.split() if word.startswith("http://"))
        assert httpx.get(f"{url}/ready").json()["ready"] is True
        assert bot.stop() == 0
        assert bot.out.read_text().endswith("Stopped.\n")
    logged = [json.loads(line) for line in log_of(tmp_path).splitlines()]
    assert logged[0]["event"] == "Loaded 0 sessions from sessions.csv"
    assert not (tmp_path / "data/control.sock").exists()
    assert not list(tmp_path.glob("*.journal"))


def test_only_its_owner_can_look_into_its_data(tmp_path: Path) -> None:
    write_env(tmp_path)
    with running_bot(tmp_path):
        found = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
        rights = {
            path.relative_to(tmp_path): f"{path.stat().st_mode & 0o777:o}"
            for path in found
            if not path.is_socket()
        }
        assert {Path("data"), Path("data/logs/app.log"), Path("data/conversations.db")} <= set(
            rights
        )
        assert {mode[1:] for mode in rights.values()} == {"00"}, rights


def test_what_people_say_is_not_in_the_log(tmp_path: Path) -> None:
    write_env(tmp_path)
    with running_bot(tmp_path) as bot:
        url = next(w.rstrip(",") for w in bot.out.read_text().split() if w.startswith("http://"))
        for text in ("send SECRETWORDS to telegram:5", "note: SECRETWORDS"):
            httpx.post(f"{url}/api/chat", json={"user_id": "ann", "message": text})
    assert "SECRETWORDS" not in log_of(tmp_path)
    assert "SECRETWORDS" not in bot.err.read_text()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_a_closed_terminal_end_it_cleanly_too(
    tmp_path: Path, how: signal.Signals
) -> None:
    write_env(tmp_path)
    with running_bot(tmp_path) as bot:
        bot.process.send(how)
        assert bot.process.wait(20) == 0


def test_a_second_one_is_told_who_has_the_files(tmp_path: Path) -> None:
    write_env(tmp_path)
    with running_bot(tmp_path) as bot:
        second = as_child(tmp_path, "run")
        assert second.status == 1
        assert str(bot.process.pid) in second.err
        assert "Traceback" not in second.err
        assert bot.process.returncode is None


def test_after_a_kill_the_next_start_and_the_next_command_work(tmp_path: Path) -> None:
    write_env(tmp_path)
    with running_bot(tmp_path) as bot:
        os.kill(bot.process.pid, signal.SIGKILL)
        bot.process.wait(20)
    assert as_child(tmp_path, "sessions", "list").status == 0
    with running_bot(tmp_path) as again:
        assert again.stop() == 0


def test_wrong_settings_are_all_said_and_the_exit_status_is_two(tmp_path: Path) -> None:
    write_env(tmp_path, PORT="x", HOST="0.0.0.0", GROUP_SESSIONS="both")
    said = as_child(tmp_path, "run")
    assert said.status == 2
    assert said.out == ""
    assert [line.split()[0] for line in said.err.splitlines()[1:]] == [
        "PORT",
        "GROUP_SESSIONS",
    ]


def test_a_port_that_is_taken_is_a_sentence_and_the_exit_status_is_one(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    write_env(tmp_path / "one")
    with running_bot(tmp_path / "one") as bot:
        url = next(w.rstrip(",") for w in bot.out.read_text().split() if w.startswith("http://"))
        port = httpx.URL(url).port
        write_env(tmp_path / "two", PORT=port)
        second = as_child(tmp_path / "two", "run")
    assert second.status == 1
    assert second.err.splitlines()[-1].startswith(f"Port {port} ")


def test_settings_are_shown_with_their_origin_and_without_secrets(tmp_path: Path) -> None:
    write_env(tmp_path, API_KEYS="ops:admin:0123456789abcdef", OPENAI_API_KEY="sk-hidden")
    said = as_child(tmp_path, "config")
    rows = dict(line.split("\t", 1) for line in said.out.splitlines())
    assert rows["API_KEYS"] == "ops:admin:***\t.env"
    assert rows["MODEL"] == "offline\tdefault"
    assert rows["OPENAI_API_KEY"] == "***\t.env, for a library"
    assert "sk-hidden" not in said.out
    assert "0123456789abcdef" not in said.out


def test_the_version_is_shown_and_what_does_not_exist_is_misuse(tmp_path: Path) -> None:
    said = as_child(tmp_path, "--version")
    assert (said.status, said.out.split()[0]) == (0, "threadline")
    assert as_child(tmp_path, "dance").status == 2
