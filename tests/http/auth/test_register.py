import asyncio

import pytest

from tests.http.auth.people import PASSWORD, problem
from tiketi.kernel.ids import parse_id


async def test_a_new_account_is_signed_in(client):
    answer = await client.post(
        "/auth/register",
        {
            "email": "Hana@Example.com",
            "password": PASSWORD,
            "name": " 김하나 ",
            "phone": "+82 10-1234-5678",
        },
    )

    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert set(told) == {"user", "access_token", "token_type", "expires_in", "refresh_token"}
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 600)
    user = told["user"]
    assert set(user) == {"id", "email", "name", "phone", "role", "created_at"}
    assert parse_id(user["id"]).version == 7
    assert (user["email"], user["name"]) == ("Hana@Example.com", "김하나")
    assert (user["phone"], user["role"]) == ("+82 10-1234-5678", "user")
    assert user["created_at"].endswith("Z")
    me = await client.get("/auth/me", token=told["access_token"])
    assert me.json() == user


async def test_phone_may_be_left_out_or_null(people):
    assert (await people.register()).user["phone"] is None
    assert (await people.register(phone=None)).user["phone"] is None


@pytest.mark.parametrize("again", ["hana@example.com", "HANA@EXAMPLE.COM", "Hana@exAmple.com"])
async def test_an_address_has_one_account_whatever_its_case(client, people, again):
    await people.register(email="Hana@Example.com")
    body = {"email": again, "password": PASSWORD, "name": "다른 사람"}
    assert problem(await client.post("/auth/register", body)) == (409, "email_taken")


async def test_both_forms_of_an_international_domain_are_one_address(client, people):
    await people.register(email="hana@한국.example")
    body = {"email": "hana@xn--3e0b707e.example", "password": PASSWORD, "name": "B"}
    assert problem(await client.post("/auth/register", body)) == (409, "email_taken")


async def test_of_many_who_register_one_address_at_once_one_gets_it(client):
    body = {"email": "hana@example.com", "password": PASSWORD, "name": "김하나"}
    answers = await asyncio.gather(*(client.post("/auth/register", body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "no-address"}, "email"),
        ({"email": "two@@example.com"}, "email"),
        ({"email": " hana@example.com"}, "email"),
        ({"email": "hana@example.com\n"}, "email"),
        ({"email": "ha\tna@example.com"}, "email"),
        ({"email": "hana@localhost"}, "email"),
        ({"email": "hana@example..com"}, "email"),
        ({"email": ".hana@example.com"}, "email"),
        ({"email": "hana@10.0.0.1"}, "email"),
        ({"email": "h" * 243 + "@example.com"}, "email"),
        ({"email": None}, "email"),
        ({"password": "7 chars"}, "password"),
        ({"password": "p" * 257}, "password"),
        ({"password": 12345678}, "password"),
        ({"name": "  "}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "bell\u0007"}, "name"),
        ({"phone": ""}, "phone"),
        ({"phone": "call me"}, "phone"),
        ({"phone": "+82 10-1234-5678\n"}, "phone"),
        ({"phone": "1" * 33}, "phone"),
        ({"role": "admin"}, "role"),
    ],
)
async def test_what_is_no_account_is_refused_with_its_field(client, change, field):
    body = {"email": "hana@example.com", "password": PASSWORD, "name": "김하나", **change}
    answer = await client.post("/auth/register", body)
    assert problem(answer) == (422, "invalid")
    assert [error["loc"] for error in answer.json()["errors"]] == [["body", field]]
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("missing", ["email", "password", "name"])
async def test_every_field_but_the_phone_is_required(client, missing):
    body = {"email": "hana@example.com", "password": PASSWORD, "name": "김하나"}
    del body[missing]
    answer = await client.post("/auth/register", body)
    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["loc"] == ["body", missing]


@pytest.mark.parametrize("length", [8, 256])
async def test_passwords_of_the_extreme_lengths_work(people, length):
    person = await people.register(password="빔" * length)
    await people.log_in(person.email, "빔" * length)
