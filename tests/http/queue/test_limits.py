"""Waiting never locks anybody out."""

import pytest

from tests.support.waiting_room import open_line


@pytest.fixture
def settings(base_settings):
    return base_settings.model_copy(update={"rate_limit_enabled": True, "limit_user_per_minute": 3})


async def test_asking_often_costs_a_budget_of_its_own(client, runtime):
    event_id = await open_line(runtime, capacity=0)
    token = client.token()
    receipt = (await client.post(f"/queue/{event_id}/join", token=token)).json()["receipt"]
    for _ in range(30):
        answer = await client.get(f"/queue/{event_id}/status", headers={"queue-receipt": receipt})
        assert answer.status_code == 200
    assert answer.headers["ratelimit-policy"].startswith('"waiting"')


async def test_reading_the_board_costs_the_address_s_public_budget(client, runtime):
    event_id = await open_line(runtime)
    for _ in range(30):
        answer = await client.get(f"/queue/{event_id}/board")
        assert answer.status_code == 200
    assert answer.headers["ratelimit-policy"].startswith('"public"')
