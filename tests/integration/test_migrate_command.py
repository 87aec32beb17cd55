"""`tiketi migrate` as a deployment runs it: an empty database in, one that services can use out."""

import asyncio

import asyncpg
import pytest
from typer.testing import CliRunner

from tiketi.auth import api as auth
from tiketi.cli.main import build
from tiketi.kernel.ids import new_id


@pytest.fixture
def migrate(monkeypatch, stores, tmp_path):
    def run(**settings):
        monkeypatch.setenv("TIKETI_DATA", str(tmp_path))
        monkeypatch.setenv("TIKETI_DATABASE_URL", stores.postgres.url())
        monkeypatch.setenv("TIKETI_REDIS_URL", stores.valkey.url())
        for name, value in settings.items():
            monkeypatch.setenv(f"TIKETI_{name.upper()}", value)
        return CliRunner().invoke(build(["migrate"]), ["migrate"])

    return run


def test_roles_log_in_with_the_passwords_given(migrate, stores):
    word = f"a=word-{new_id().hex}"
    assert migrate(role_passwords=f"edge_user={word}").exit_code == 0

    async def whoami():
        connection = await asyncpg.connect(stores.postgres.url(user="edge_user", password=word))
        try:
            return await connection.fetchval("SELECT current_user")
        finally:
            await connection.close()

    assert asyncio.run(whoami()) == "edge_user"


@pytest.mark.parametrize("words", ["nobody=hush", "auth_user", "auth_user="])
def test_passwords_of_nobody_are_refused(migrate, words):
    result = migrate(role_passwords=words)
    assert result.exit_code == 2
    assert "auth_user" in result.output
    assert words.partition("=")[2] not in result.output or not words.partition("=")[2]


async def test_first_admin_is_made_and_left_alone_afterwards(migrate, runtime):
    email = f"first-{new_id().hex}@example.com"
    for _ in range(2):
        result = await asyncio.to_thread(
            migrate, admin_email=email, admin_password="a long password"
        )
        assert result.exit_code == 0, result.output
    async with runtime.database.transaction() as tx:
        assert await auth.find_account_by_email(tx, email) is not None
