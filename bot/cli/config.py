"""`config`: what is set and from where."""

import typer

from bot.cli.house import home
from bot.cli.screen import complain, show_table
from config.example import as_written, env_example
from config.loading import load_settings
from config.settings import GROUPS


def show_config(
    example: bool = typer.Option(False, "--example", help="Print .env.example instead."),
) -> None:
    """Show every setting, its value and where it was set; secrets are masked."""
    if example:
        print(env_example(), end="")
        return
    loaded = load_settings(home())
    rows: list[tuple[str, str, str]] = []
    for title, kind in GROUPS.items():
        group = getattr(loaded.settings, title)
        for name in kind.model_fields:
            value = as_written(getattr(group, name)).replace("\n", "\\n")
            rows.append((name.upper(), value, loaded.origins[name.upper()]))
    rows += [(name, "***", ".env, for a library") for name in loaded.others]
    show_table(("setting", "value", "from"), rows)
    for warning in loaded.warnings:
        complain(warning)
