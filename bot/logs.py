"""What the bot logs: lines for people or as JSON, and always `data/logs/app.log`.

A line is made where it is logged, so that it carries the session and the turn; a thread of its
own writes it, so that the event loop never waits for a disk or a terminal. Secrets are masked,
and what people and the agent say is not written unless LOG_LEVEL is DEBUG.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, TextIO, cast

import structlog

from bot.masking import Mask, masking
from bot.traces import trace_of
from sessions.private_files import make_private_directory

OURS = ("bot", "adapters", "sessions", "config")
QUIET = {
    "py.warnings": "ERROR",
    "telegram.ext.AIORateLimiter": "CRITICAL",  # each 429, with a trace: the adapter waits for it
}
WORDS = frozenset({"text", "message_text", "arguments", "reply", "answer", "prompt"})
"""Keys whose values are somebody's words."""

LARGEST_FILE = 10_000_000
OLD_FILES = 5

Event = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How to log; `file` is where all lines go as JSON, `secrets` are values that no line shows.

    With `quiet` only warnings and errors are shown, without stack traces: the file has all.
    """

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["auto", "people", "json"] = "auto"
    file: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    quiet: bool = False


@contextmanager
def configure_logging(options: LogOptions, stream: TextIO | None = None) -> Iterator[None]:
    """Log like this for as long as the ``with`` lasts, then write what is left and put all back.

    Lines go to `stream`, by default to stderr. Raises OSError if the file cannot be opened.
    """
    stream = sys.stderr if stream is None else stream
    with ExitStack() as stack:
        handlers = [_to_stream(stream, options)]
        if options.file is not None:
            handlers.append(_PrivateFile(options.file))
            stack.callback(handlers[-1].close)
        queue: SimpleQueue[Any] = SimpleQueue()
        listener = QueueListener(queue, *handlers, respect_handler_level=True)
        listener.start()
        stack.callback(listener.stop)
        words = options.level == "DEBUG"
        stack.enter_context(_levels(options.level))
        stack.enter_context(_root(_Handover(queue, masking(options.secrets), words=words)))
        stack.enter_context(_structlog(words=words))
        yield


class _Handover(QueueHandler):
    """Makes a finished event of each record, where it was logged; the listener only writes it."""

    def __init__(self, queue: SimpleQueue[Any], mask: Mask, *, words: bool) -> None:
        super().__init__(cast("Any", queue))
        self._mask = mask
        self._words = words

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Turn what was logged, by us or by a library, into a masked event."""
        event: Event = (
            dict(record.msg)
            if isinstance(record.msg, dict)
            else _of_library(record, words=self._words)
        )
        if not self._words:
            for name in WORDS & event.keys():
                event[name] = f"({len(str(event[name]))} characters)"
        first = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": event.pop("event", ""),
        }
        finished = logging.makeLogRecord({"levelno": record.levelno, "name": record.name})
        finished.msg = self._mask({**first, **event})
        return finished


def _of_library(record: logging.LogRecord, *, words: bool) -> Event:
    event: Event = {"event": record.getMessage(), **structlog.contextvars.get_contextvars()}
    if record.exc_info and record.exc_info[1] is not None:
        event["exception"] = trace_of(record.exc_info[1], words=words)
    return event


class _Lines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(record.msg, ensure_ascii=False)


class _ForPeople(logging.Formatter):
    """Time, level, what happened, and what belongs to it; a stack trace only with `traces`."""

    def __init__(self, *, colors: bool, traces: bool) -> None:
        super().__init__()
        self._traces = traces
        self._render = structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=32)

    def format(self, record: logging.LogRecord) -> str:
        event: Event = dict(cast("dict[str, Any]", record.msg))
        event.pop("logger")
        if not self._traces:
            event.pop("exception", None)
        event["timestamp"] = f"{datetime.fromisoformat(event['timestamp']).astimezone():%H:%M:%S}"
        return str(self._render(None, "", event))


def _to_stream(stream: TextIO, options: LogOptions) -> logging.Handler:
    handler = logging.StreamHandler(stream)
    if options.quiet:
        handler.setLevel("WARNING")
    terminal = stream.isatty()
    people = options.format == "people" or (options.format == "auto" and terminal)
    colors = terminal and not os.environ.get("NO_COLOR")
    traces = not options.quiet
    handler.setFormatter(_ForPeople(colors=colors, traces=traces) if people else _Lines())
    return handler


class _PrivateFile(RotatingFileHandler):
    """A rotating file of JSON lines that only its owner can read."""

    def __init__(self, path: Path) -> None:
        make_private_directory(path.parent)
        self._complained = False
        super().__init__(path, maxBytes=LARGEST_FILE, backupCount=OLD_FILES, encoding="utf-8")
        self.setFormatter(_Lines())

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        return open(descriptor, "a", encoding=self.encoding, errors="backslashreplace")  # noqa: PTH123 - it is open already

    def close(self) -> None:
        """Close the file, also if the disk does not take what is left."""
        with suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's
        """Say once that a full disk swallows lines: nothing may stop for that."""
        if not self._complained:
            self._complained = True
            with suppress(OSError):  # it may be on the same disk, and the listener must live on
                sys.stderr.write(f"{self.baseFilename} cannot be written: {sys.exception()}\n")


@contextmanager
def _levels(level: str) -> Iterator[None]:
    """Give our packages the level; libraries say less: their lines hold addresses and texts."""
    wanted = dict.fromkeys(OURS, level) | QUIET
    before = {name: logging.getLogger(name).level for name in wanted}
    for name, each in wanted.items():
        logging.getLogger(name).setLevel(each)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        for name, number in before.items():
            logging.getLogger(name).setLevel(number)


@contextmanager
def _root(handler: logging.Handler) -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    for each in handlers:
        root.removeHandler(each)
    root.addHandler(handler)
    root.setLevel("WARNING")
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for each in handlers:
            root.addHandler(each)


@contextmanager
def _structlog(*, words: bool) -> Iterator[None]:
    def trace(_logger: Any, _method: str, event: Event) -> Event:
        error = event.pop("exc_info", None)
        if error is True:
            error = sys.exception()
        if isinstance(error, BaseException):
            event["exception"] = trace_of(error, words=words)
        return event

    before = structlog.get_config()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            trace,
            _as_message,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def _as_message(_logger: Any, _method: str, event: Event) -> tuple[tuple[Event], dict[str, Any]]:
    return (event,), {}
