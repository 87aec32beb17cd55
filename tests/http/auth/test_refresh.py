import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.http.auth.people import problem
from tiketi.auth.invariants import INVARIANTS


async def test_refreshing_gives_new_tokens(client, people):
    person = await people.register()

    answer = await people.refresh(person.refresh_token)

    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 600)
    assert told["refresh_token"] != person.refresh_token
    me = await client.get("/auth/me", token=told["access_token"])
    assert me.json() == person.user
    assert (await people.refresh(told["refresh_token"])).status_code == 200


async def test_reuse_revokes_the_whole_family(people):
    person = await people.register()
    second = (await people.refresh(person.refresh_token)).json()["refresh_token"]
    third = (await people.refresh(second)).json()["refresh_token"]

    reused = await people.refresh(person.refresh_token)

    assert problem(reused) == (401, "refresh_token_reused")
    assert reused.headers["www-authenticate"].startswith("Bearer")
    assert problem(await people.refresh(third)) == (401, "invalid_refresh_token")
    assert problem(await people.refresh(person.refresh_token)) == (401, "refresh_token_reused")


async def test_reuse_leaves_other_sessions_alone(people):
    person = await people.register()
    elsewhere = await people.log_in(person.email)
    await people.refresh(person.refresh_token)
    await people.refresh(person.refresh_token)
    assert (await people.refresh(elsewhere.refresh_token)).status_code == 200


@pytest.mark.parametrize("tabs", [2, 12])
async def test_of_many_refreshes_at_once_one_wins_and_the_family_ends(people, runtime, tabs):
    person = await people.register()

    answers = await asyncio.gather(*(people.refresh(person.refresh_token) for _ in range(tabs)))

    won = [answer for answer in answers if answer.status_code == 200]
    lost = [problem(answer) for answer in answers if answer.status_code != 200]
    assert len(won) == 1
    assert lost == [(401, "refresh_token_reused")] * (tabs - 1)
    after = await people.refresh(won[0].json()["refresh_token"])
    assert problem(after) == (401, "invalid_refresh_token")
    async with runtime.database.latest() as reader:
        assert [await invariant.violations(reader) for invariant in INVARIANTS] == [0, 0, 0]


@pytest.mark.parametrize("token", ["x", "not-a-token", "한글 토큰", "a" * 256, "a\nb"])
async def test_an_unknown_token_is_refused(people, token):
    assert problem(await people.refresh(token)) == (401, "invalid_refresh_token")


@pytest.mark.parametrize(
    "body", [{}, {"refresh_token": ""}, {"refresh_token": 1}, {"refresh_token": "a" * 257}]
)
async def test_what_is_no_token_is_refused(client, body):
    assert problem(await client.post("/auth/refresh", body)) == (422, "invalid")


async def test_a_session_lasts_as_long_as_it_is_used(people, clock):
    person = await people.register()
    token = person.refresh_token
    for _ in range(3):
        clock.ahead += timedelta(days=29)
        token = (await people.refresh(token)).json()["refresh_token"]
    clock.ahead += timedelta(days=30, seconds=1)
    assert problem(await people.refresh(token)) == (401, "invalid_refresh_token")


async def test_a_refresh_follows_the_role(client, people, runtime):
    person = await people.register()
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE auth.account SET role = 'staff'"))
    told = (await people.refresh(person.refresh_token)).json()
    me = await client.get("/auth/me", token=told["access_token"])
    assert me.json()["role"] == "staff"
