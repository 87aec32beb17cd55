from datetime import timedelta

import pytest
from sqlalchemy import text

from tiketi.auth import sessions
from tiketi.auth.api import enrol_users, find_accounts
from tiketi.auth.loops import clean_up_sessions
from tiketi.kernel.clock import SystemClock

TTL = timedelta(days=30)


class _At(SystemClock):
    def __init__(self, moment):
        self._moment = moment

    def now(self):
        return self._moment


async def _count(runtime, table):
    async with runtime.database.latest() as reader:
        return (await reader.execute(text(f"SELECT count(*) FROM auth.{table}"))).scalar_one()


async def _clean_up(runtime, moment):
    runtime.clock = _At(moment)
    rounds = 0
    while await clean_up_sessions(runtime):
        rounds += 1
        assert rounds < 10
    return rounds


@pytest.fixture
def now(runtime):
    return runtime.clock.now()


@pytest.fixture
async def account(runtime, now):
    async with runtime.database.transaction() as tx:
        (user_id,) = await enrol_users(tx, emails=["hana@example.com"], now=now)
        return (await find_accounts(tx, [user_id]))[user_id]


async def _open_and_refresh(runtime, account, opened_at, refreshed_at):
    async with runtime.database.transaction() as tx:
        tokens = await sessions.open_session(tx, runtime, account, opened_at)
        return await sessions.refresh_session(tx, runtime, tokens.refresh_token, refreshed_at)


async def test_what_may_still_be_used_or_reused_stays(runtime, account, now):
    await _open_and_refresh(runtime, account, now, now + timedelta(days=1))
    await _clean_up(runtime, now + TTL - timedelta(seconds=1))
    assert (await _count(runtime, "session"), await _count(runtime, "refresh_token")) == (1, 2)


async def test_a_spent_token_goes_when_it_would_have_expired(runtime, account, now):
    await _open_and_refresh(runtime, account, now, now + timedelta(days=1))
    await _clean_up(runtime, now + TTL + timedelta(seconds=1))
    assert (await _count(runtime, "session"), await _count(runtime, "refresh_token")) == (1, 1)


async def test_an_expired_session_goes_with_its_tokens(runtime, account, now):
    await _open_and_refresh(runtime, account, now, now + timedelta(days=1))
    await _clean_up(runtime, now + TTL + timedelta(days=1, seconds=1))
    assert (await _count(runtime, "session"), await _count(runtime, "refresh_token")) == (0, 0)
    assert await _count(runtime, "account") == 1


async def test_a_great_many_go_in_bounded_rounds(runtime, account, now):
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""
            INSERT INTO auth.password_reset (digest, account_id, created_at, expires_at)
            SELECT sha256(n::text::bytea), :id, :now, :now FROM generate_series(1, 2500) AS n"""),
            {"id": account.id, "now": now},
        )
    assert await _clean_up(runtime, now + timedelta(seconds=1)) == 2
    assert await _count(runtime, "password_reset") == 0
