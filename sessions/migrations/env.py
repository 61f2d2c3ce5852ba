"""What Alembic runs: the revisions, on the connection that it is given."""

from alembic import context

from sessions.platform_tables import files

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=files.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
