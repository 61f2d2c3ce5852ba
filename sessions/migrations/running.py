"""Bringing a database up to date, without a configuration file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


class BrokenReferences(Exception):
    """After the revisions, rows would refer to others that are not there."""


def configuration() -> Config:
    """Say where the revisions are: beside this file, in a checkout as in a wheel."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def known_revisions() -> tuple[str, ...]:
    """Give the revisions that this version knows, the newest first."""
    scripts = ScriptDirectory.from_config(configuration())
    return tuple(script.revision for script in scripts.walk_revisions())


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the revisions that this database has not seen, all in one transaction.

    Foreign keys must not be enforced on the connection: a revision may build a table anew, and
    dropping the old one would take along the rows that refer to it. They are checked at the end.

    Raises:
        BrokenReferences: rows refer to others that are gone; nothing was changed.
    """
    config = configuration()
    config.attributes["connection"] = connection
    with connection.begin():
        at = MigrationContext.configure(connection).get_current_heads()
        if revision == "head" and at == known_revisions()[:1]:
            return
        command.upgrade(config, revision)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise BrokenReferences(f"row {broken[1]} of {broken[0]} refers to what is not there")
