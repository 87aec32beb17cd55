import pytest

from tests.http.auth.people import problem


async def _log_out(client, refresh_token):
    return await client.post("/auth/logout", {"refresh_token": refresh_token})


async def test_logging_out_ends_the_session_and_no_other(client, people):
    person = await people.register()
    elsewhere = await people.log_in(person.email)

    answer = await _log_out(client, person.refresh_token)

    assert (answer.status_code, answer.content) == (204, b"")
    assert problem(await people.refresh(person.refresh_token)) == (401, "invalid_refresh_token")
    assert (await people.refresh(elsewhere.refresh_token)).status_code == 200


async def test_the_access_token_lives_out_its_minutes(client, people):
    person = await people.register()
    await _log_out(client, person.refresh_token)
    assert (await client.get("/auth/me", token=person.access_token)).status_code == 200


async def test_logging_out_again_is_answered_alike(client, people):
    person = await people.register()
    assert (await _log_out(client, person.refresh_token)).status_code == 204
    assert (await _log_out(client, person.refresh_token)).status_code == 204


async def test_a_spent_token_ends_its_family_too(client, people):
    person = await people.register()
    renewed = (await people.refresh(person.refresh_token)).json()["refresh_token"]
    await _log_out(client, person.refresh_token)
    assert problem(await people.refresh(renewed)) == (401, "invalid_refresh_token")


@pytest.mark.parametrize("token", ["unknown", "한글"])
async def test_an_unknown_token_has_nothing_to_end(client, token):
    assert (await _log_out(client, token)).status_code == 204


async def test_an_expired_access_token_does_not_hinder(client, people):
    person = await people.register()
    answer = await client.post(
        "/auth/logout", {"refresh_token": person.refresh_token}, token="expired"
    )
    assert answer.status_code == 204
    assert problem(await people.refresh(person.refresh_token)) == (401, "invalid_refresh_token")


async def test_logging_out_everywhere_refuses_every_token_at_once(client, people):
    person = await people.register()
    elsewhere = await people.log_in(person.email)

    answer = await client.post("/auth/logout/all", token=person.access_token)

    assert answer.status_code == 204
    for token in (person.access_token, elsewhere.access_token):
        assert problem(await client.get("/auth/me", token=token)) == (401, "unauthenticated")
    for token in (person.refresh_token, elsewhere.refresh_token):
        assert problem(await people.refresh(token)) == (401, "invalid_refresh_token")
    again = await people.log_in(person.email)
    assert (await client.get("/auth/me", token=again.access_token)).status_code == 200
