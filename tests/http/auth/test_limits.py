import re
from contextlib import suppress

import pytest
from sqlalchemy import text

from tests.http.auth.people import PASSWORD, WRONG, problem
from tiketi.auth.domain import email_key
from tiketi.auth.errors import InvalidCredentials
from tiketi.auth.loops import mail_due_resets
from tiketi.auth.store import FAILURES_MAX, KNOWN_FOR_SECONDS, WINDOW_MS, Attempt

OWNER, STRANGER = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def settings(base_settings):
    """A proxy that says who is calling, and no limit an address that would come first."""
    return base_settings.model_validate(
        {
            **base_settings.model_dump(),
            "rate_limit_enabled": True,
            "limit_anonymous_per_minute": 1_000,
            "trusted_proxies": "127.0.0.0/8",
        }
    )


async def _try(client, email, password, address):
    body = {"email": email, "password": password}
    return await client.post("/auth/login", body, headers={"X-Forwarded-For": address})


@pytest.fixture
async def guessed(client, people):
    """An account that strangers have guessed at as often as they may."""
    person = await people.register()
    assert (await _try(client, person.email, PASSWORD, OWNER)).status_code == 200
    await _guess(client, person.email)
    return person


async def _guess(client, email):
    """Fail as often as may be: all but the last try without the work of hashing."""
    for guess in range(FAILURES_MAX - 1):
        with suppress(InvalidCredentials):
            async with Attempt(client.runtime, email_key(email), f"198.51.100.{guess}"):
                raise InvalidCredentials
    answer = await _try(client, email, WRONG, "198.51.100.200")
    assert problem(answer) == (401, "invalid_credentials")


async def test_many_addresses_together_cannot_guess_for_long(client, guessed):
    for password in (WRONG, PASSWORD):
        answer = await _try(client, guessed.email, password, STRANGER)
        assert problem(answer) == (429, "login_throttled")
        assert 0 < int(answer.headers["retry-after"]) <= WINDOW_MS // 1000


async def test_the_owner_still_comes_in_from_an_address_that_they_used(client, guessed):
    assert (await _try(client, guessed.email, PASSWORD, OWNER)).status_code == 200


async def test_the_owner_comes_in_from_anywhere_once_the_password_was_reset(
    client, guessed, runtime
):
    answer = await _try(client, guessed.email, PASSWORD, STRANGER)
    assert problem(answer) == (429, "login_throttled")
    await client.post("/auth/password/forgot", {"email": guessed.email})
    await mail_due_resets(runtime)
    async with runtime.database.latest() as reader:
        mail = await reader.execute(text("SELECT payload ->> 'body_text' FROM infra.outbox"))
        token = re.search(r"token=(\S+)", mail.scalar_one())[1]
    reset = await client.post(
        "/auth/password/reset",
        {"token": token, "new_password": "new horse battery"},
        headers={"X-Forwarded-For": STRANGER},
    )
    assert reset.status_code == 204
    answer = await _try(client, guessed.email, "new horse battery", STRANGER)
    assert answer.status_code == 200


async def test_an_account_that_does_not_exist_is_throttled_alike(client):
    await _guess(client, "nobody@example.com")
    answer = await _try(client, "nobody@example.com", WRONG, STRANGER)
    assert problem(answer) == (429, "login_throttled")


async def test_guesses_at_one_account_do_not_hinder_another(client, people, guessed):
    other = await people.register()
    assert (await _try(client, other.email, PASSWORD, STRANGER)).status_code == 200


async def test_what_is_counted_lapses_and_names_nobody(guessed, runtime):
    keys = [key.decode() for key in await runtime.redis.command("KEYS", "login:*")]
    assert len(keys) == 2
    for key in keys:
        lifetime_ms = await runtime.redis.command("PTTL", key)
        assert 0 < lifetime_ms <= (KNOWN_FOR_SECONDS * 1000 if "known" in key else WINDOW_MS)
        assert guessed.email not in key
        assert OWNER not in key


class TestTheAnonymousLimit:
    @pytest.fixture
    def settings(self, base_settings):
        return base_settings.model_copy(
            update={"rate_limit_enabled": True, "limit_anonymous_per_minute": 3}
        )

    async def test_calls_without_a_token_draw_on_one_small_budget(self, client):
        body = {"refresh_token": "unknown"}
        statuses = [
            (await client.post("/auth/refresh", body)).status_code,
            (await client.post("/auth/logout", body)).status_code,
            (await client.post("/auth/login", {"email": "a", "password": "b"})).status_code,
            (await client.post("/auth/password/forgot", {"email": "a"})).status_code,
        ]
        assert statuses == [401, 204, 401, 429]
        last = await client.post("/auth/login", {"email": "a", "password": "b"})
        assert problem(last) == (429, "rate_limited")
        assert int(last.headers["retry-after"]) > 0
        assert last.headers["ratelimit-policy"] == '"anonymous";q=3;w=60'

    async def test_the_public_keys_stay_within_reach(self, client):
        for _ in range(6):
            assert (await client.get("/auth/jwks.json")).status_code == 200
