"""The program: its commands, and what it says when one cannot be carried out."""

import os
import sys
from typing import Annotated

import httpx
import typer

from bot.cli import approvals, data, dead, pair, people, sessions
from bot.cli.chat import chat
from bot.cli.config import show_config
from bot.cli.house import Refusal, version
from bot.cli.run import run_bot
from bot.cli.screen import complain
from bot.cli.stats import show_stats
from bot.errors import ThreadlineError
from config.problems import SettingsWrong

FAILED, MISUSED, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="threadline",
    help="One LangGraph agent over HTTP and in the terminal, with approvals.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run_bot)
app.command("chat")(chat)
app.add_typer(sessions.app, name="sessions")
app.add_typer(approvals.app, name="approvals")
app.add_typer(dead.app, name="dead")
app.add_typer(people.app, name="people")
app.add_typer(pair.app, name="pair")
app.add_typer(data.app, name="data")
app.command("stats")(show_stats)
app.command("config")(show_config)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"threadline {version()}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the program. Exits with 0, with 1 if it failed, with 2 if it was used or set wrongly."""
    _open_what_is_closed()
    try:
        app()
    except SettingsWrong as wrong:
        complain(wrong)
        sys.exit(MISUSED)
    except (ThreadlineError, Refusal) as failed:
        complain(failed)
        sys.exit(FAILED)
    except httpx.TransportError as error:
        complain(f"The bot stopped answering: {error or type(error).__name__}.")
        sys.exit(FAILED)
    except OSError as error:
        complain(f"{error.filename or 'The system'}: {error.strerror or error}.")
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001 - a person sees a sentence, the log has the trace
        complain(f"Something unforeseen stopped this: {type(error).__name__}: {error}")
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _open_what_is_closed() -> None:
    """Open what is closed of stdin, stdout and stderr, or a file of ours would get its number."""
    for name, how in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, how, encoding="utf-8"))  # noqa: SIM115, PTH123 - for good
