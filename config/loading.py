"""Read the settings from the environment and from `.env`, and check all of them at once.

The environment wins over `.env`, `.env` over the defaults. What stands in `.env` and is none of
our settings is handed back as `others`: ``OPENAI_API_KEY`` and the like, which the libraries that
know them look for in the environment.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from config.data import BackupSettings, DataSettings
from config.group import MEANT_EMPTY, Group
from config.platforms import DiscordSettings, TelegramSettings
from config.problems import Problem, SettingsWrong, in_words
from config.rules import (
    BROKEN,
    admin_chat_rules,
    admin_key_rules,
    advice,
    approval_rules,
    server_rules,
)
from config.settings import (
    GROUPS,
    AgentSettings,
    ApprovalSettings,
    LimitSettings,
    LogSettings,
    ServerSettings,
    SessionSettings,
    Settings,
)

SomeGroup = TypeVar("SomeGroup", bound=Group)

Origin = Literal["environment", ".env", "default"]

PROMPT_FILES = (".txt", ".md", ".prompt")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, where each came from, what else `.env` holds, and what is odd."""

    settings: Settings
    origins: Mapping[str, Origin]
    others: Mapping[str, str]
    warnings: tuple[str, ...]


def fields() -> dict[str, FieldInfo]:
    """Return every setting by the name it has in the environment."""
    return {
        name.upper(): field
        for group in GROUPS.values()
        for name, field in group.model_fields.items()
    }


def example_of(field: FieldInfo) -> str:
    """Return a value as a person would write it."""
    extra = field.json_schema_extra
    return str(extra["example"]) if isinstance(extra, dict) else ""


def load_settings(home: Path) -> Loaded:
    """Read the environment and ``home/.env``.

    Raises:
        SettingsWrong: with everything that is wrong.
    """
    file = home / ".env"
    with _quiet_parser():
        return _load(home, file)


def _load(home: Path, file: Path) -> Loaded:
    written = _read(file)
    known = fields()
    origins = {name: _origin(name, written) for name in known}
    given = {"_env_file": file if file.is_file() else None, "_env_file_encoding": "utf-8-sig"}
    settings = _Reader(home, origins, given).settings()
    others = {name: text for name, text in written.items() if name not in known and text}
    return Loaded(
        settings,
        origins,
        others,
        (*_misspelt(others), *advice(settings.server)),
    )


def settings_from(home: Path, **given: object) -> Settings:
    """Make settings from given values alone: ``settings_from(path, PORT=0, MODEL="offline")``.

    Neither the environment nor a file is looked at, which is what tests want.

    Raises:
        SettingsWrong, TypeError: a value is wrong; a name is unknown.
    """
    known = fields()
    if unknown := given.keys() - known.keys():
        raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
    origins: dict[str, Origin] = dict.fromkeys(known, "default")
    values = {name: given.get(name, field.get_default()) for name, field in known.items()}
    return _Reader(home, origins, {"_env_file": None, **values}).settings()


def _read(file: Path) -> dict[str, str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        wrong = (
            "is not text in UTF-8"
            if isinstance(error, UnicodeDecodeError)
            else f"cannot be read: {error.strerror}"
        )
        problem = Problem(".env", str(file), wrong, "cp .env.example .env")
        raise SettingsWrong((problem,)) from error
    odd = [
        Problem(".env", str(file), f"line {binding.original.line} is not NAME=value", "PORT=8000")
        for binding in parse_stream(StringIO(text))
        if binding.error or (binding.key is not None and binding.value is None)
    ]
    if odd:  # it could be what keeps others out
        raise SettingsWrong(tuple(odd))
    values = dotenv_values(stream=StringIO(text))
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def _quiet_parser() -> Iterator[None]:
    """Keep the parser from logging what stands in the warnings already, once a group."""
    logger = logging.getLogger("dotenv.main")
    logger.addFilter(_nothing)
    try:
        yield
    finally:
        logger.removeFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False


def _origin(name: str, written: Mapping[str, str]) -> Origin:
    origin: Origin = "environment" if name in os.environ else ".env"
    text = os.environ.get(name, written.get(name))
    if text is None or not (text.strip() or name.lower() in MEANT_EMPTY):
        return "default"
    return origin


class _Reader:
    """Makes the groups, and gathers everything that is wrong instead of stopping at the first."""

    def __init__(self, home: Path, origins: Mapping[str, Origin], given: Mapping[str, Any]) -> None:
        self._home = home.absolute()
        self._origins = origins
        self._given = given
        self._problems: list[Problem] = []

    def settings(self) -> Settings:
        """Return the settings, or raise with all problems."""
        server = self._group(ServerSettings)
        sessions = self._group(SessionSettings)
        agent = self._group(AgentSettings)
        approvals = self._group(ApprovalSettings)
        limits = self._group(LimitSettings)
        backups = self._group(BackupSettings)
        logs = self._group(LogSettings)
        data = self._group(DataSettings)
        telegram = self._group(TelegramSettings)
        discord = self._group(DiscordSettings)
        self._check(server_rules(server))
        if not any(problem.name == "API_KEYS" for problem in self._problems):
            self._check(approval_rules(server, approvals))
            self._check(admin_key_rules(server, approvals))
            self._check(admin_chat_rules(server, logs))
        prompt = self._prompt(agent.system_prompt)
        if self._problems:
            raise SettingsWrong(tuple(self._problems))
        sessions = sessions.model_copy(
            update={
                "sessions_csv_path": self._home / sessions.sessions_csv_path.expanduser(),
                "data_dir": self._home / sessions.data_dir.expanduser(),
            }
        )
        backup_dir = self._home / backups.backup_dir.expanduser()
        backups = backups.model_copy(update={"backup_dir": backup_dir})
        agent = agent.model_copy(update={"system_prompt": prompt})
        return Settings(
            self._home,
            server,
            sessions,
            limits,
            agent,
            approvals,
            backups,
            logs,
            data,
            telegram,
            discord,
        )

    def _group(self, kind: type[SomeGroup]) -> SomeGroup:
        try:
            return kind(**self._given)
        except ValidationError as errors:
            for error in errors.errors(include_url=False, include_input=False):
                name = str(error["loc"][0])
                self._problem(name, in_words(error), f"{name}={example_of(fields()[name])}")
            return cast("SomeGroup", kind.model_construct())

    def _check(self, broken: Iterable[BROKEN]) -> None:
        for name, wrong, example in broken:
            self._problem(name, wrong, example)

    def _problem(self, name: str, wrong: str, example: str) -> None:
        self._problems.append(Problem(name, self._origins[name], wrong, example))

    def _prompt(self, text: str) -> str:
        if len(text.split()) != 1 or not text.endswith(PROMPT_FILES):
            return text
        file = self._home / Path(text).expanduser()
        try:
            return file.read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            wrong = f"{file} is not a text file that can be read"
            self._problem("SYSTEM_PROMPT", wrong, "SYSTEM_PROMPT=prompt.md")
            return ""


def _misspelt(others: Mapping[str, str]) -> Iterator[str]:
    for name in others:
        if close := get_close_matches(name.upper(), fields(), n=1, cutoff=0.75):
            yield f"{name} in .env is no setting; {close[0]} is."
