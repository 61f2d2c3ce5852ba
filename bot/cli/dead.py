"""`dead`: messages that are not tried any more, trying them again, and dropping them."""

from typing import Annotated, Any

import typer

from bot.cli.operator import Operator, perform
from bot.cli.screen import agreed, local_time, show_json, show_table

app = typer.Typer(no_args_is_help=True, help="Look at dead letters, try them again, drop them.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="The ids of dead letters.")]

SHORT = 60
WHAT = {"user": "not answered", "assistant": "not delivered"}


@app.command("list")
def list_dead(as_json: AsJson = False) -> None:
    """List the dead letters, the one that died last first."""

    async def work(operator: Operator) -> Any:
        return [each async for each in operator.pages("/api/dead-letters", limit=200)]

    items = perform(work)
    if as_json:
        show_json(items)
    else:
        show_table(("id", "what", "person", "since", "why", "text"), map(_row, items))


@app.command("aside")
def list_set_aside(as_json: AsJson = False) -> None:
    """List what arrived on a platform and could not be handled, the last one first."""

    async def work(operator: Operator) -> Any:
        return (await operator.ask("GET", "/api/set-aside"))["items"]

    items = perform(work)
    if as_json:
        show_json(items)
        return
    rows = [
        (each["platform"], each["update_id"], local_time(each["at"]), each["reason"])
        for each in items
    ]
    show_table(("platform", "id", "since", "why"), rows)


@app.command("retry")
def retry(ids: Ids) -> None:
    """Try them again: a person's message is answered, a message of the bot is shown."""

    async def work(operator: Operator) -> None:
        for each in ids:
            await operator.ask("POST", f"/api/dead-letters/{each}/retry")
            print(f"{each} is tried again.")

    perform(work)


@app.command("drop")
def drop(
    ids: Ids, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
) -> None:
    """Drop them for good: they are listed no more, and nobody tries them again."""
    if not agreed(f"Drop {', '.join(ids)}?", yes=yes):
        raise typer.Exit(1)

    async def work(operator: Operator) -> None:
        for each in ids:
            await operator.ask("DELETE", f"/api/dead-letters/{each}")
            print(f"Dropped {each}.")

    perform(work)


def _row(letter: Any) -> tuple[str, ...]:
    text = " ".join(letter["text"].split())
    return (
        letter["id"],
        WHAT[letter["role"]],
        letter["person"],
        local_time(letter["died_at"]),
        " ".join(letter["reason"].split()),
        text if len(text) <= SHORT else f"{text[: SHORT - 1]}…",
    )
