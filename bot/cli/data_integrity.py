"""`data integrity` and `data repair`: whether what is kept is whole, and mending it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from bot.cli.house import enter
from bot.cli.long import ask_and_wait
from bot.cli.operator import Operator, perform, runs_in
from bot.cli.screen import agreed, complain, show_json, show_table, tell

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

CLOSED = (
    "Nothing was opened, so that all this stays as it is. The rest can be looked at when it is "
    "mended, or a bot has started with it."
)
TITLES = ("about", "severity", "what is found", "what mends it")


def show_integrity(as_json: AsJson = False) -> None:
    """Look whether all files and records are whole and agree. Exits with 1 if one does not."""
    findings, stays_closed = _in_closed_files()
    if not stays_closed:
        findings = [*findings, *(each for each in _in_everything() if each not in findings)]
    if as_json:
        show_json(findings)
    elif findings:
        show_table(TITLES, map(_row, findings))
    else:
        print("Everything is whole and agrees.")
    if stays_closed:
        complain(CLOSED)
    if any(each["severity"] == "error" for each in findings):
        raise typer.Exit(1)


def repair(
    yes: Yes = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Keep rows that were changed by hand as they are.")
    ] = False,
) -> None:
    """Mend what can be mended, after a backup, and show what is left. Exits with 1 for errors."""
    if not agreed("Mend what can be mended?", yes=yes):
        raise typer.Exit(1)

    async def work(operator: Operator) -> Any:
        body = {"accept": accept}
        return await ask_and_wait(operator, "POST", "/api/data/repair", json=body)

    done = perform(work)
    if done["backup"]:
        tell(f"The state before is kept: {done['backup']}.")
    print(f"Mended: {done['mended']}." if done["mended"] else "There was nothing to mend.")
    if done["left"]["findings"]:
        complain("Still found:")
        show_table(TITLES, map(_row, done["left"]["findings"]))
    if done["left"]["errors"]:
        raise typer.Exit(1)


def _in_closed_files() -> tuple[Sequence[Any], bool]:
    """Look at the files of a bot that does not run; say whether opening them would change them."""
    loaded = enter()
    sessions = loaded.settings.sessions
    if runs_in(sessions.data_dir):
        return (), False
    from sessions.structure import (  # noqa: PLC0415 - with a bot running it is not needed
        LEFT_CLOSED,
        databases_in,
        in_closed_index,
        in_closed_session_files,
        in_databases,
    )

    found = [
        *in_databases(databases_in(sessions.data_dir)),
        *in_closed_index(sessions.data_dir),
        *in_closed_session_files(sessions.sessions_csv_path, sessions.data_dir),
    ]
    return [asdict(each) for each in found], any(each.rule in LEFT_CLOSED for each in found)


def _in_everything() -> Sequence[Any]:
    async def work(operator: Operator) -> Any:
        return (await ask_and_wait(operator, "GET", "/api/data/integrity"))["findings"]

    found: Sequence[Any] = perform(work)
    return found


def _row(finding: Any) -> tuple[str, ...]:
    return (finding["about"], finding["severity"], finding["text"], finding["mend"])
