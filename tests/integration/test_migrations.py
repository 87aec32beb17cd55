from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from tiketi.infra.migrations import upgrade_async
from tiketi.infra.postgres import Database
from tiketi.infra.roles import GRANTS
from tiketi.kernel.ids import new_id
from tiketi.services.registry import EDGE, SERVICES


async def test_migrating_again_changes_nothing(stores, runtime):
    await upgrade_async(stores.postgres.url())
    async with runtime.database.reader() as reader:
        version = (await reader.execute(text("SELECT version_num FROM alembic_version"))).scalars()
        assert len(version.all()) == 1


def test_every_service_has_a_role_with_grants():
    assert {service.role for service in (*SERVICES, EDGE)} == set(GRANTS)


async def test_an_owner_who_is_no_superuser_may_migrate_and_act_as_each_role(stores, settings):
    """As on a managed PostgreSQL, where nobody is a superuser."""
    database = f"managed_{new_id().hex[:8]}"
    admin = create_async_engine(
        make_url(stores.postgres.url()).set(drivername="postgresql+asyncpg"),
        isolation_level="AUTOCOMMIT",
    )
    async with admin.connect() as connection:
        owner = f"owner_of_{database}"
        await connection.execute(text(f"CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD 'owned'"))
        await connection.execute(text(f"CREATE DATABASE {database} OWNER {owner}"))
        for role in GRANTS:
            # Roles belong to the whole server; on a fresh one the owner makes them itself.
            await connection.execute(text(f"GRANT {role} TO {owner} WITH ADMIN OPTION"))
    await admin.dispose()
    url = stores.postgres.url(user=owner, password="owned", database=database)
    await upgrade_async(url)
    for role in GRANTS:
        acting = Database(settings.model_copy(update={"database_url": url, "database_role": role}))
        async with acting.latest() as reader:
            shown = await reader.execute(text("SELECT current_user, count(*) FROM infra.outbox"))
            assert tuple(shown.one()) == (role, 0)
        await acting.close()
