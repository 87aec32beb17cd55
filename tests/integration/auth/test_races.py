"""Two transactions that really overlap: one is held open while the other waits for its lock."""

import asyncio

import pytest
from sqlalchemy import text

from tiketi.auth import passwords, service, sessions
from tiketi.auth.api import find_accounts
from tiketi.auth.domain import Credentials
from tiketi.auth.errors import InvalidCredentials, RefreshTokenInvalid, RefreshTokenReused

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
POLLS_MAX = 500


async def _until_somebody_waits(runtime):
    for _ in range(POLLS_MAX):
        async with runtime.database.latest() as reader:
            if (await reader.execute(_WAITING)).scalar_one():
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


@pytest.fixture
def now(runtime):
    return runtime.clock.now()


@pytest.fixture
async def account(runtime, now):
    async with runtime.database.transaction() as tx:
        return await service.register_account(
            tx, email="hana@example.com", password_hash="old", name="A", phone=None, now=now
        )


async def _open(runtime, account, now):
    async with runtime.database.transaction() as tx:
        return await sessions.open_session(tx, runtime, account, now)


async def _refresh(runtime, refresh_token, now):
    async with runtime.database.transaction() as tx:
        return await sessions.refresh_session(tx, runtime, refresh_token, now)


async def _live_sessions(runtime):
    async with runtime.database.latest() as reader:
        live = await reader.execute(
            text("SELECT count(*) FROM auth.session WHERE revoked_at IS NULL")
        )
        return live.scalar_one()


async def test_no_session_opens_by_a_password_that_is_being_changed(runtime, account, now):
    async with runtime.database.transaction() as tx:
        await passwords.change_password(tx, Credentials(account, "old"), "new", now)
        late = asyncio.ensure_future(_open(runtime, account, now))
        await _until_somebody_waits(runtime)
    with pytest.raises(InvalidCredentials):
        await late
    assert await _live_sessions(runtime) == 0


async def test_a_session_that_opens_just_before_the_change_ends_with_it(runtime, account, now):
    async def change():
        async with runtime.database.transaction() as tx:
            await passwords.change_password(tx, Credentials(account, "old"), "new", now)

    async with runtime.database.transaction() as tx:
        tokens = await sessions.open_session(tx, runtime, account, now)
        late = asyncio.ensure_future(change())
        await _until_somebody_waits(runtime)
    await late
    assert await _live_sessions(runtime) == 0
    with pytest.raises(RefreshTokenInvalid):
        await _refresh(runtime, tokens.refresh_token, now)


async def test_no_refresh_survives_an_erasure_under_way(runtime, account, now):
    tokens = await _open(runtime, account, now)
    async with runtime.database.transaction() as tx:
        await service.erase_account(tx, account.id, now)
        late = asyncio.ensure_future(_refresh(runtime, tokens.refresh_token, now))
        await _until_somebody_waits(runtime)
    with pytest.raises(RefreshTokenInvalid):
        await late
    assert await _live_sessions(runtime) == 0


async def test_no_refresh_survives_a_log_out_under_way(runtime, account, now):
    tokens = await _open(runtime, account, now)
    async with runtime.database.transaction() as tx:
        await sessions.end_session(tx, tokens.refresh_token, now)
        late = asyncio.ensure_future(_refresh(runtime, tokens.refresh_token, now))
        await _until_somebody_waits(runtime)
    with pytest.raises(RefreshTokenInvalid):
        await late


async def test_the_second_of_two_overlapping_refreshes_is_a_reuse(runtime, account, now):
    tokens = await _open(runtime, account, now)
    async with runtime.database.transaction() as tx:
        won = await sessions.refresh_session(tx, runtime, tokens.refresh_token, now)
        late = asyncio.ensure_future(_refresh(runtime, tokens.refresh_token, now))
        await _until_somebody_waits(runtime)
    assert isinstance(await late, RefreshTokenReused)
    with pytest.raises(RefreshTokenInvalid):
        await _refresh(runtime, won.refresh_token, now)


async def test_a_refresh_that_rolls_back_spends_nothing(runtime, account, now):
    tokens = await _open(runtime, account, now)

    async def break_off():
        async with runtime.database.transaction() as tx:
            await sessions.refresh_session(tx, runtime, tokens.refresh_token, now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    renewed = await _refresh(runtime, tokens.refresh_token, now)
    assert renewed.refresh_token != tokens.refresh_token


async def test_an_address_is_free_for_another_only_once_its_erasure_commits(runtime, account, now):
    async def register():
        async with runtime.database.transaction() as tx:
            return await service.register_account(
                tx, email="HANA@example.com", password_hash="h", name="B", phone=None, now=now
            )

    async with runtime.database.transaction() as tx:
        await service.erase_account(tx, account.id, now)
        late = asyncio.ensure_future(register())
        await _until_somebody_waits(runtime)
    successor = await late
    assert successor.id != account.id
    async with runtime.database.latest() as reader:
        assert set(await find_accounts(reader, [account.id, successor.id])) == {successor.id}
