"""Bringing a database up to date, without a configuration file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


class NewerSchema(Exception):
    """The database has a revision that this version does not know."""


def configuration() -> Config:
    """Say where the revisions are: beside this file, in a checkout as in a wheel."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def migrate(engine: Engine) -> None:
    """Run the revisions that this database has not seen, each in a transaction.

    Raises:
        NewerSchema: it was migrated by a newer version.
    """
    config = configuration()
    scripts = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        known = {script.revision for script in scripts.walk_revisions()}
        at = MigrationContext.configure(connection).get_current_heads()
        connection.rollback()
        unknown = set(at) - known
        if unknown:
            raise NewerSchema(", ".join(sorted(unknown)))
        if set(at) == set(scripts.get_heads()):
            return
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
