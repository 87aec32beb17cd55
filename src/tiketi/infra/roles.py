"""Which role may touch which schemas: the one list that grants are made from.

A role may read and write the schemas of the modules that its service calls, and only read where
the service only looks.
"""

from dataclasses import dataclass

from sqlalchemy.engine import Connection

_EVERY = (
    "infra", "auth", "events", "queue", "seats", "reservations", "tickets", "payments", "sandbox",
    "admin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    writes: tuple[str, ...]
    reads: tuple[str, ...] = ()


GRANTS: dict[str, Grant] = {
    "auth_user": Grant(writes=("infra", "auth")),
    "event_user": Grant(writes=("infra",), reads=("events", "seats", "queue")),
    "queue_user": Grant(writes=("infra", "queue"), reads=("events", "seats")),
    "reservation_user": Grant(
        writes=("infra", "events", "seats", "reservations", "tickets"), reads=("queue", "auth")
    ),
    "payment_user": Grant(
        writes=("infra", "events", "seats", "reservations", "tickets", "payments", "sandbox"),
        reads=("auth", "queue"),
    ),
    "admin_user": Grant(writes=_EVERY),
    "edge_user": Grant(writes=_EVERY),
}

_CREATE = """
DO $$ BEGIN
    CREATE ROLE {role} LOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$"""

# A shared log-in that is no superuser may act as a role (TIKETI_DATABASE_ROLE) only as its member.
_JOIN = """
DO $$ BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT {role} TO %I', current_user);
    END IF;
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $$"""


def grant_all(connection: Connection) -> None:
    """Make the roles and their grants as listed. Repeating it changes nothing."""
    for role, grant in GRANTS.items():
        connection.exec_driver_sql(_CREATE.format(role=role))
        connection.exec_driver_sql(_JOIN.format(role=role))
        for schema in _EVERY:
            connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}")
        for schema in (*grant.writes, *grant.reads):
            connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        for schema in grant.writes:
            connection.exec_driver_sql(
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"
            )
        for schema in grant.reads:
            connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
