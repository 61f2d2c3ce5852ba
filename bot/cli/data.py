"""`data`: whether what is kept is whole, what may go, and taking it elsewhere."""

import typer

from bot.cli.data_backup import back_up, info, verify
from bot.cli.data_cleanup import clean_up
from bot.cli.data_integrity import repair, show_integrity
from bot.cli.data_migrate import migrate, migrations
from bot.cli.data_restore import restore
from bot.cli.data_transfer import export, take_in

app = typer.Typer(no_args_is_help=True, help="Look after everything that is kept.")
app.command("info")(info)
app.command("backup")(back_up)
app.command("verify")(verify)
app.command("restore")(restore)
app.command("integrity")(show_integrity)
app.command("repair")(repair)
app.command("cleanup")(clean_up)
app.command("export")(export)
app.command("import")(take_in)
app.command("migrate")(migrate)
app.command("migrations")(migrations)
