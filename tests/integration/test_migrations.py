from sqlalchemy import text

from tiketi.infra.migrations import upgrade_async
from tiketi.infra.roles import GRANTS
from tiketi.services.registry import EDGE, SERVICES


async def test_migrating_again_changes_nothing(stores, runtime):
    await upgrade_async(stores.postgres.url())
    async with runtime.database.reader() as reader:
        version = (await reader.execute(text("SELECT version_num FROM alembic_version"))).scalars()
        assert len(version.all()) == 1


def test_every_service_has_a_role_with_grants():
    assert {service.role for service in (*SERVICES, EDGE)} == set(GRANTS)
