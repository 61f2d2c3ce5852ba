"""`people`: who is blocked, blocking somebody, and letting them speak again."""

import asyncio
from typing import Annotated, Any

import typer

from bot.cli.operator import Operator, perform
from bot.cli.screen import agreed, local_time, show_json, show_table

app = typer.Typer(no_args_is_help=True, help="Look at who is blocked, block, unblock, forget.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Who = Annotated[
    str, typer.Argument(metavar="PERSON", help="As platform:id, for example telegram:12345.")
]


@app.command("list")
def list_blocked(as_json: AsJson = False) -> None:
    """List who is blocked, who is so for longest first."""

    async def work(operator: Operator) -> Any:
        return (await operator.ask("GET", "/api/people/blocked"))["items"]

    items = perform(work)
    if as_json:
        show_json(items)
        return
    rows = [(one["person"], local_time(one["blocked_at"]), one["blocked_by"]) for one in items]
    show_table(("person", "since", "by"), rows)


@app.command("block")
def block(person: Who) -> None:
    """Let somebody speak to the bot no more; they are told so."""

    async def work(operator: Operator) -> Any:
        return await operator.ask("POST", "/api/people/block", json={"person": person})

    found = perform(work)
    since = local_time(found["blocked_at"])
    print(f"{person} is blocked since {since}, by {found['blocked_by']}.")


@app.command("unblock")
def unblock(person: Who) -> None:
    """Let somebody speak to the bot again."""

    async def work(operator: Operator) -> None:
        await operator.ask("POST", "/api/people/unblock", json={"person": person})

    perform(work)
    print(f"{person} may speak again.")


@app.command("forget")
def forget(
    person: Who, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
) -> None:
    """Delete everything of somebody, as their own /forget does; it cannot be undone."""

    async def work(operator: Operator) -> bool:
        who = {"person": person}
        there = await operator.ask("GET", "/api/person", params=who)
        print(f"Conversations of {person}: {there['conversations']}. {there['archives']}")
        if not await asyncio.to_thread(agreed, "Delete everything of theirs?", yes=yes):
            return False
        done = await operator.ask("DELETE", "/api/person", params={**who, "confirm": person})
        print(f"Deleted: conversations: {done['conversations']}, notes: {done['notes']}.")
        return True

    if not perform(work):
        raise typer.Exit(1)
