import asyncio

import pytest

from tiketi.auth.api import hash_password
from tiketi.auth.errors import PasswordLineFull
from tiketi.auth.hashing import WAITING_PER_THREAD_MAX, PasswordHashing, unmatchable_hash


@pytest.fixture
def settings(base_settings):
    return base_settings.model_copy(update={"password_hashes_at_once_max": 1})


async def test_a_password_matches_its_own_hash_only(runtime):
    hashing = runtime.one(PasswordHashing)
    stored = await hash_password(runtime, "correct horse")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await hashing.verify("correct horse", stored)
    assert not await hashing.verify("incorrect horse", stored)
    assert not await hashing.verify("correct horse", unmatchable_hash())
    assert not await hashing.verify("correct horse", None)
    assert not await hashing.verify("correct horse", "not a hash")


async def test_who_would_wait_too_long_is_sent_away_and_the_line_goes_on(runtime):
    line_max = 1 + WAITING_PER_THREAD_MAX
    tries = [asyncio.ensure_future(hash_password(runtime, "passphrase")) for _ in range(line_max)]
    await asyncio.sleep(0)  # each takes its place

    with pytest.raises(PasswordLineFull) as full:
        await hash_password(runtime, "passphrase")

    assert full.value.retry_after_seconds >= 1
    assert len(await asyncio.gather(*tries)) == line_max
    assert await hash_password(runtime, "passphrase")


async def test_who_gives_up_waiting_holds_the_place_until_the_work_is_done(runtime):
    hashing = runtime.one(PasswordHashing)
    waiting = asyncio.ensure_future(hashing.hash("passphrase"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert hashing.line_length == 1
    # One thread: the next is done only after the one that was given up.
    await hashing.hash("passphrase")
    assert hashing.line_length == 0
