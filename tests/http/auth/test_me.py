import pytest
from sqlalchemy import text

from tests.http.auth.people import PASSWORD, problem
from tiketi.auth.api import find_accounts
from tiketi.auth.invariants import INVARIANTS
from tiketi.kernel.ids import parse_id


async def test_name_and_phone_may_be_changed(client, people):
    person = await people.register(phone="010-1234-5678")
    token = person.access_token

    renamed = await client.patch("/auth/me", {"name": "김두리"}, token=token)
    assert renamed.status_code == 200
    assert renamed.json() == {**person.user, "name": "김두리"}

    moved = await client.patch("/auth/me", {"phone": "02 123 4567"}, token=token)
    assert moved.json() == {**person.user, "name": "김두리", "phone": "02 123 4567"}

    silent = await client.patch("/auth/me", {"phone": None}, token=token)
    assert silent.json() == {**person.user, "name": "김두리", "phone": None}

    unchanged = await client.patch("/auth/me", {}, token=token)
    assert unchanged.status_code == 200
    assert unchanged.json() == silent.json()
    assert (await client.get("/auth/me", token=token)).json() == silent.json()


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": None},
        {"name": "n" * 101},
        {"phone": "none"},
        {"email": "other@example.com"},
        {"role": "admin"},
        [],
        "text",
    ],
)
async def test_what_may_not_be_changed_is_refused(client, people, body):
    person = await people.register()
    answer = await client.patch("/auth/me", body, token=person.access_token)
    assert problem(answer) == (422, "invalid")
    assert (await client.get("/auth/me", token=person.access_token)).json() == person.user


async def test_erasure_takes_the_person_out_and_keeps_the_account(client, people, runtime):
    person = await people.register(email="hana@example.com", phone="010-1234-5678")
    await client.post("/auth/password/forgot", {"email": person.email})

    answer = await client.delete("/auth/me", token=person.access_token)

    assert (answer.status_code, answer.content) == (204, b"")
    async with runtime.database.latest() as reader:
        rows = await reader.execute(text("SELECT account::text AS all FROM auth.account"))
        (kept,) = rows.scalars()
        assert person.user["id"] in kept
        for personal in ("hana", "김하나", "1234", "argon2"):
            assert personal not in kept
        assert await find_accounts(reader, [parse_id(person.user["id"])]) == {}
        assert [await invariant.violations(reader) for invariant in INVARIANTS] == [0, 0, 0]


async def test_erasure_refuses_every_token_and_the_password(client, people):
    person = await people.register()
    elsewhere = await people.log_in(person.email)

    await client.delete("/auth/me", token=person.access_token)

    for token in (person.access_token, elsewhere.access_token):
        assert problem(await client.get("/auth/me", token=token)) == (401, "unauthenticated")
        assert problem(await client.delete("/auth/me", token=token)) == (401, "unauthenticated")
    for token in (person.refresh_token, elsewhere.refresh_token):
        assert problem(await people.refresh(token)) == (401, "invalid_refresh_token")
    answer = await people.try_password(person.email, PASSWORD)
    assert problem(answer) == (401, "invalid_credentials")


async def test_an_erased_address_may_be_registered_again(client, people):
    person = await people.register(email="hana@example.com")
    await client.delete("/auth/me", token=person.access_token)

    again = await people.register(email="hana@example.com")

    assert again.user["id"] != person.user["id"]
    assert (await client.get("/auth/me", token=again.access_token)).json() == again.user
    await client.delete("/auth/me", token=again.access_token)
    await people.register(email="hana@example.com")


async def test_a_token_without_an_account_is_refused_even_where_nothing_was_revoked(
    client, runtime
):
    runtime.is_revoked = None
    token = client.token()
    for answer in (
        await client.get("/auth/me", token=token),
        await client.patch("/auth/me", {"name": "A"}, token=token),
        await client.delete("/auth/me", token=token),
        await client.post("/auth/logout/all", token=token),
        await client.post(
            "/auth/password/change",
            {"current_password": PASSWORD, "new_password": PASSWORD},
            token=token,
        ),
    ):
        assert problem(answer) == (401, "unauthenticated")
