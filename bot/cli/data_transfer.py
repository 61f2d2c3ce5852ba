"""`data export` and `data import`: taking everything, a person or a session along."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.long import ask_and_wait
from bot.cli.operator import Operator, perform
from bot.cli.screen import agreed, complain, local_time, show_facts


def export(
    person: Annotated[
        str | None, typer.Option(help="Only of this person, as telegram:12345.")
    ] = None,
    session: Annotated[str | None, typer.Option(help="Only of this session, by its id.")] = None,
) -> None:
    """Write an export into data/exports: a ZIP of JSON, of everything unless somebody is named."""
    if person is not None and session is not None:
        raise typer.BadParameter("Name a person or a session, not both.")
    scope = "person" if person is not None else "session" if session is not None else "everything"
    of = (person if person is not None else session) or ""

    async def work(operator: Operator) -> None:
        body = {"scope": scope, "of": of}
        done = await ask_and_wait(operator, "POST", "/api/data/export", json=body)
        show_facts(_facts(done["rows"]))
        print(f"{done['file']} has {done['bytes']:,} bytes.")
        if not any(done["rows"].values()):
            complain("There is nothing in it. Is the name right? A person is telegram:12345.")

    perform(work)


def take_in(
    file: Annotated[Path, typer.Argument(help="The path of an export, or a name in data/exports.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Check an export, say what it holds, ask, and add what is new in it."""
    # A name alone may be one of data/exports, where the bot looks for it.
    here = file.name != str(file) or file.is_file()
    path = str(file.absolute() if here else file)

    async def work(operator: Operator) -> bool:
        body = {"file": path, "dry_run": True}
        found = await ask_and_wait(operator, "POST", "/api/data/import", json=body)
        of = f" of {found['of']}" if found["of"] else ""
        print(f"It is whole: {found['scope']}{of}, made at {local_time(found['made_at'])}.")
        show_facts(_facts(found["rows"]))
        if dry_run:
            return True
        if not await asyncio.to_thread(agreed, "Add what is new in it?", yes=yes):
            return False
        body = {"file": path, "dry_run": False}
        done = await ask_and_wait(operator, "POST", "/api/data/import", json=body)
        added = done["added"]
        print(f"Added: {', '.join(f'{many} {name}' for name, many in _facts(added)) or 'nothing'}.")
        return True

    if not perform(work):
        raise typer.Exit(1)


def _facts(rows: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, str(many)) for name, many in rows.items() if many]
