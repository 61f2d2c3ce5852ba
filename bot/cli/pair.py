"""`pair`: letting strangers in with the code that the bot gave them."""

from typing import Annotated, Any

import typer

from bot.cli.operator import Operator, perform
from bot.cli.screen import local_time, show_json, show_table

app = typer.Typer(no_args_is_help=True, help="Let strangers in with the code they were given.")


@app.command("accept")
def accept(
    code: Annotated[str, typer.Argument(metavar="CODE", help="For example K7M2XW4H.")],
) -> None:
    """Let somebody in."""

    async def work(operator: Operator) -> Any:
        return await operator.ask("POST", "/api/guests/accept", json={"code": code})

    found = perform(work)
    print(f"{found['person']} may speak to the bot now.")


@app.command("list")
def list_guests(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List who was let in with a code, the first one first."""

    async def work(operator: Operator) -> Any:
        return (await operator.ask("GET", "/api/guests"))["items"]

    items = perform(work)
    if as_json:
        show_json(items)
        return
    rows = [(one["person"], local_time(one["accepted_at"]), one["accepted_by"]) for one in items]
    show_table(("person", "since", "by"), rows)


@app.command("remove")
def remove(
    person: Annotated[
        str, typer.Argument(metavar="PERSON", help="As platform:id, such as telegram:12345.")
    ],
) -> None:
    """Let somebody in no more."""

    async def work(operator: Operator) -> None:
        await operator.ask("POST", "/api/guests/remove", json={"person": person})

    perform(work)
    print(f"{person} is turned away again.")
