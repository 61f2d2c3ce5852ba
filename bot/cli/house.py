"""Where the bot lives, and its settings: what every command begins with."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

import structlog

from bot.errors import ThreadlineError
from bot.logs import LogOptions, configure_logging
from config.loading import Loaded, load_settings

log = structlog.get_logger(__name__)

CREDENTIALS = ("_API_KEY", "_TOKEN", "_SECRET", "_PASSWORD")
"""How the names of the providers' variables end whose values no log may show."""


class Refusal(Exception):
    """The bot refused what the operator asked; the text is its sentence."""


def home() -> Path:
    """Return where `.env` and the data are: THREADLINE_HOME, which start.sh sets, or here."""
    return Path(os.environ.get("THREADLINE_HOME") or Path.cwd()).absolute()


def enter() -> Loaded:
    """Load the settings and get ready to run a bot here.

    What `.env` holds for the providers' libraries goes into the environment, which wins; tools
    and graphs of one's own are found in the home. Raises SettingsWrong.
    """
    place = home()
    loaded = load_settings(place)
    for name, value in loaded.others.items():
        os.environ.setdefault(name, value)
    if str(place) not in sys.path:
        sys.path.append(str(place))
    return loaded


@contextmanager
def logging(loaded: Loaded, *, quiet: bool = False) -> Iterator[None]:
    """Log here as the settings say, also what nobody foresaw; `quiet` shows only what is wrong."""
    with configure_logging(_log_options(loaded, quiet=quiet)):
        try:
            yield
        except (ThreadlineError, Refusal, OSError):
            raise  # these are sentences
        except Exception:
            log.exception("the command failed")
            raise


def _log_options(loaded: Loaded, *, quiet: bool) -> LogOptions:
    logs = loaded.settings.logs
    credentials = tuple(
        value
        for name, value in {**os.environ, **loaded.others}.items()
        if name.upper().endswith(CREDENTIALS)
    )
    return LogOptions(
        level=logs.log_level,
        format=logs.log_format,
        file=loaded.settings.sessions.data_dir / "logs" / "app.log",
        secrets=(*loaded.settings.secrets, *credentials),
        quiet=quiet,
    )


def version() -> str:
    """Return the version that is installed."""
    try:
        return installed_version("threadline")
    except PackageNotFoundError:
        return "dev"
