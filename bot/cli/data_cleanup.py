"""`data cleanup`: what is older than it may be, and letting it go."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from bot.cli.long import ask_and_wait
from bot.cli.operator import Operator, perform
from bot.cli.screen import agreed, local_time, show_facts, show_json

KINDS = ("conversations", "messages", "dead_letters", "set_aside", "reminders", "exports")


def clean_up(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is older than the settings allow, ask, and let it go."""

    async def work(operator: Operator) -> bool:
        plan = await ask_and_wait(operator, "GET", "/api/data/cleanup")
        nothing = not any(plan[kind] for kind in KINDS)
        if not as_json:
            print("Nothing is older than it may be.") if nothing else _show(plan)
        elif dry_run or nothing:
            show_json(plan)
        if dry_run or nothing:
            return True
        if not await asyncio.to_thread(agreed, "Let this go, for ever?", yes=yes):
            return False
        done = await ask_and_wait(operator, "POST", "/api/data/cleanup")
        if as_json:
            show_json(done)
            return True
        if done["backup"]:
            print(f"The state before is kept: {done['backup']}.")
        free = (
            f"; {done['reclaimed']:,} bytes of the disk are free again" if done["reclaimed"] else ""
        )
        print(f"It is gone{free}.")
        return True

    if not perform(work):
        raise typer.Exit(1)


def _show(plan: Mapping[str, Any]) -> None:
    facts = [(kind.replace("_", " "), str(plan[kind])) for kind in KINDS if plan[kind]]
    if plan["oldest"]:
        facts.append(("the oldest came", local_time(plan["oldest"])))
    show_facts(facts)
