"""Runs the migrations on the connection that `tiketi.infra.migrations` hands over."""

from alembic import context

LOCK_TIMEOUT_SECONDS = 10
STATEMENT_TIMEOUT_SECONDS = 600

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Run `tiketi migrate`, which reads TIKETI_DATABASE_URL.")
connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
connection.exec_driver_sql(f"SET statement_timeout = '{STATEMENT_TIMEOUT_SECONDS}s'")
context.configure(connection=connection, version_table_schema="public")
with context.begin_transaction():
    context.run_migrations()
