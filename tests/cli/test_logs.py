"""What stands in the log, and what must not."""

import asyncio
import io
import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from bot.logs import LogOptions, configure_logging

log = structlog.get_logger("bot.somewhere")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(stream: io.StringIO | Path) -> list[dict[str, Any]]:
    text = stream.read_text() if isinstance(stream, Path) else stream.getvalue()
    return [json.loads(line) for line in text.splitlines()]


def test_lines_are_json_unless_a_terminal_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    pipe, terminal, wish = io.StringIO(), Terminal(), io.StringIO()
    for stream, form in ((pipe, "auto"), (terminal, "auto"), (wish, "people")):
        with configure_logging(LogOptions(format=form), stream):  # type: ignore[arg-type]
            log.info("something happened", count=3)
    (line,) = lines(pipe)
    assert (line["level"], line["event"], line["count"]) == ("info", "something happened", 3)
    assert line["timestamp"].endswith("+00:00")
    for people in (terminal, wish):
        assert "something happened" in people.getvalue()
        assert "count=3" in people.getvalue()
        assert "\x1b" not in people.getvalue()


def test_every_line_of_a_turn_carries_session_and_turn_also_those_of_libraries() -> None:
    stream = io.StringIO()
    with configure_logging(LogOptions(), stream), bound_contextvars(session="s-1", turn="t-1"):
        log.info("ours")
        logging.getLogger("some.library").warning("theirs")
    assert [(line["session"], line["turn"]) for line in lines(stream)] == [("s-1", "t-1")] * 2


def test_secrets_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    stream, file = io.StringIO(), tmp_path / "app.log"
    with configure_logging(LogOptions(file=file, secrets=("hunter22",)), stream):
        log.info(
            "asked hunter22",
            url="https://api.telegram.org/bot12345:AAH-x_y/getMe",
            hook="https://discord.com/api/v10/webhooks/678/aW50ZXI-q_z/messages/@original",
            headers={"Authorization": "Bearer abc.def-ghi", "X-API-Key": "zzz"},
            list=["key sk-proj-0123456789", Path("/hunter22/x")],
            database="postgres://ann:pa55word@host/db",
        )
        logging.getLogger("library").error("failed with %s", "Bearer q1w2e3r4")
        try:
            int("hunter22")
        except ValueError:
            log.exception("failed")
    for text in (stream.getvalue(), file.read_text()):
        for secret in [
            "hunter22",
            "AAH-x_y",
            "abc.def",
            "sk-proj",
            "pa55word",
            "q1w2e3r4",
            "aW50ZXI",
        ]:
            assert secret not in text
        assert "Traceback" in text
        assert "postgres://ann:***@host/db" in text


def test_what_people_say_is_not_logged_unless_debugging() -> None:
    stream, debugging = io.StringIO(), io.StringIO()
    with configure_logging(LogOptions(), stream):
        log.info("got a message", text="my diary", arguments={"to": "ann"})
        log.debug("more of it")
    with configure_logging(LogOptions(level="DEBUG"), debugging):
        log.debug("got a message", text="my diary")
    (line,) = lines(stream)
    assert line["text"] == "(8 characters)"
    assert "ann" not in str(line)
    assert lines(debugging)[0]["text"] == "my diary"


def test_libraries_say_only_what_is_wrong() -> None:
    stream = io.StringIO()
    with configure_logging(LogOptions(), stream):
        logging.getLogger("httpx").info("HTTP Request: POST ...")
        logging.getLogger("uvicorn.error").info("Started server process")
        logging.getLogger("httpx").warning("slow")
    assert [line["event"] for line in lines(stream)] == ["slow"]


def test_the_file_has_all_lines_and_is_private_even_when_the_terminal_is_quiet(
    tmp_path: Path,
) -> None:
    file, stream = tmp_path / "logs" / "app.log", io.StringIO()
    with configure_logging(LogOptions(file=file, quiet=True), stream):
        log.info("in the file")
        log.warning("in both")
    assert [line["event"] for line in lines(file)] == ["in the file", "in both"]
    assert [line["event"] for line in lines(stream)] == ["in both"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_who_only_gives_a_command_is_shown_no_stack_trace(tmp_path: Path) -> None:
    file, terminal = tmp_path / "app.log", Terminal()
    with configure_logging(LogOptions(file=file, quiet=True), terminal):
        try:
            int("x")
        except ValueError:
            log.exception("a request failed")
    assert "a request failed" in terminal.getvalue()
    assert "Traceback" not in terminal.getvalue()
    assert "Traceback" in file.read_text()


def test_a_disk_that_refuses_lines_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.log").symlink_to("/dev/full")
    stream = io.StringIO()
    with configure_logging(LogOptions(file=tmp_path / "app.log"), stream):
        log.info("one")
        log.info("two")
    assert [line["event"] for line in lines(stream)] == ["one", "two"]
    assert capsys.readouterr().err.count("cannot be written") == 1


async def test_logging_never_blocks_the_loop(tmp_path: Path) -> None:
    options = LogOptions(file=tmp_path / "app.log")
    logging_on = configure_logging(options, io.StringIO())
    await asyncio.to_thread(logging_on.__enter__)
    try:
        for number in range(200):
            log.info("a line", number=number)  # blockbuster fails the test if this blocks
    finally:
        await asyncio.to_thread(logging_on.__exit__, None, None, None)
    text = await asyncio.to_thread((tmp_path / "app.log").read_text)
    assert text.count("\n") == 200


def test_afterwards_everything_is_as_before(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level, structlog.get_config()["logger_factory"])
    with configure_logging(LogOptions(file=tmp_path / "app.log"), io.StringIO()):
        assert list(root.handlers) != before[0]
    assert (list(root.handlers), root.level, structlog.get_config()["logger_factory"]) == before
