"""One budget a person, over all services."""

import pytest

from tests.support.client import open_client
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.ids import new_id
from tiketi.services.registry import get_service


@pytest.fixture
def settings(base_settings):
    return base_settings.model_copy(update={"rate_limit_enabled": True})


async def test_an_account_has_100_calls_a_minute_over_all_services(runtime):
    user = new_id()
    statuses = []
    async with (
        open_client(runtime, get_service("reservation")) as reservations,
        open_client(runtime, get_service("payment")) as payments,
    ):
        token = reservations.token(user)
        for _ in range(51):
            statuses.append((await reservations.get("/reservations", token=token)).status_code)
            last = await payments.get(f"/payments/{new_id()}", token=token)
            statuses.append(last.status_code)
    assert statuses.count(429) == 2
    assert last.json()["code"] == "rate_limited"
    assert int(last.headers["retry-after"]) >= 1
    assert last.headers["ratelimit-policy"] == '"user";q=100;w=60'


async def test_an_address_without_a_token_has_ten_acting_calls(client):
    body = {"email": "nobody@example.com", "password": "not-the-password"}
    answers = [await client.post("/auth/login", body) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert answers[0].headers["ratelimit"].startswith('"anonymous";r=9;')


async def test_browsing_and_acting_do_not_share_a_budget(client):
    for _ in range(30):
        assert (await client.get("/events")).status_code == 200
    body = {"email": "nobody@example.com", "password": "not-the-password"}
    assert (await client.post("/auth/login", body)).status_code == 401


async def test_admins_and_probes_have_no_limit(client):
    for _ in range(120):
        assert (await client.http.get("/health")).status_code == 200
    token = client.token(role="admin")
    answers = {(await client.get("/reservations", token=token)).status_code for _ in range(120)}
    assert 429 not in answers


async def test_forwarded_addresses_count_only_behind_a_trusted_proxy(settings, runtime):
    body = {"email": "nobody@example.com", "password": "not-the-password"}

    async def refused(client) -> int:
        answers = [
            await client.post("/auth/login", body, headers={"X-Forwarded-For": f"198.51.100.{n}"})
            for n in range(12)
        ]
        return [answer.status_code for answer in answers].count(429)

    trusting = open_runtime(
        settings.model_validate({**settings.model_dump(), "trusted_proxies": "127.0.0.0/8"})
    )
    async with open_client(trusting, get_service("auth")) as client:
        assert await refused(client) == 0
    await trusting.close()
    async with open_client(runtime, get_service("auth")) as client:
        assert await refused(client) == 2


async def test_without_redis_nobody_is_locked_out(settings):
    away = open_runtime(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"}))
    async with open_client(away, get_service("event")) as client:
        answer = await client.get("/events")
    await away.close()
    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers


async def test_a_limit_of_zero_is_off(settings):
    unlimited = open_runtime(settings.model_copy(update={"limit_anonymous_per_minute": 0}))
    async with open_client(unlimited, get_service("auth")) as client:
        answers = [
            await client.post("/auth/login", {"email": "a@b.c", "password": "x" * 8})
            for _ in range(12)
        ]
    await unlimited.close()
    assert 429 not in {answer.status_code for answer in answers}
