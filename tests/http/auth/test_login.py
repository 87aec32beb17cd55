import unicodedata
from uuid import UUID

import pytest
from argon2 import extract_parameters
from sqlalchemy import text

from tests.http.auth.people import PASSWORD, WRONG, problem
from tiketi.auth.api import enrol_users, ensure_admin, hash_password
from tiketi.auth.hashing import unmatchable_hash


async def _hash_runs(client) -> float:
    metrics = (await client.http.get("/metrics")).text
    (line,) = (
        line for line in metrics.splitlines() if line.startswith("tiketi_password_hash_runs_total ")
    )
    return float(line.split()[1])


async def _enrol(runtime, email: str) -> UUID:
    async with runtime.database.transaction() as tx:
        (user_id,) = await enrol_users(tx, emails=[email], now=runtime.clock.now())
    return user_id


@pytest.mark.parametrize("spelling", ["hana@example.com", "HANA@example.COM"])
async def test_logging_in_opens_a_session(client, people, spelling):
    registered = await people.register(email="Hana@example.com")

    answer = await people.try_password(spelling, PASSWORD)

    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"user", "access_token", "token_type", "expires_in", "refresh_token"}
    assert told["user"] == registered.user
    assert told["refresh_token"] != registered.refresh_token
    assert (await client.get("/auth/me", token=told["access_token"])).status_code == 200


async def test_wrong_password_and_unknown_address_read_alike(client, people, runtime):
    person = await people.register()
    await _enrol(runtime, "no-password@example.com")
    answers = [
        await people.try_password(person.email, WRONG),
        await people.try_password("nobody@example.com", WRONG),
        await people.try_password("no-password@example.com", WRONG),
        await people.try_password("no address at all", WRONG),
    ]
    bodies = []
    for answer in answers:
        assert problem(answer) == (401, "invalid_credentials")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        bodies.append({**answer.json(), "request_id": None})
    assert all(body == bodies[0] for body in bodies)


async def test_wrong_password_and_unknown_address_cost_the_same_hashing(client, people, runtime):
    person = await people.register()
    await _enrol(runtime, "no-password@example.com")
    runs = []
    for email in (person.email, "nobody@example.com", "no-password@example.com"):
        before = await _hash_runs(client)
        await people.try_password(email, WRONG)
        runs.append(await _hash_runs(client) - before)
    assert runs == [1, 1, 1]

    async with runtime.database.latest() as reader:
        stored = await reader.execute(text("SELECT max(password_hash) FROM auth.account"))
        assert extract_parameters(stored.scalar_one()) == extract_parameters(unmatchable_hash())


async def test_an_account_without_a_password_lets_nobody_in(people, runtime):
    await _enrol(runtime, "no-password@example.com")
    for guess in ("None", "null", "x" * 8):
        answer = await people.try_password("no-password@example.com", guess)
        assert problem(answer) == (401, "invalid_credentials")


async def test_a_password_is_its_text_however_it_was_encoded(people):
    korean = "대한민국만세우리나라"
    person = await people.register(password=unicodedata.normalize("NFD", korean))
    await people.log_in(person.email, unicodedata.normalize("NFC", korean))


async def test_blanks_around_a_password_are_part_of_it(people):
    person = await people.register(password=" padded password ")
    await people.log_in(person.email, " padded password ")
    answer = await people.try_password(person.email, "padded password")
    assert problem(answer) == (401, "invalid_credentials")


async def test_first_admin_logs_in_as_admin_and_stays_the_first(people, runtime):
    password_hash = await hash_password(runtime, PASSWORD)
    now = runtime.clock.now()
    made = []
    for _ in range(2):
        async with runtime.database.transaction() as tx:
            made.append(
                await ensure_admin(
                    tx, email="Admin@tiketi.local", password_hash=password_hash, now=now
                )
            )
    assert made == [True, False]
    assert (await people.log_in("admin@tiketi.local")).user["role"] == "admin"


async def test_an_account_that_took_the_admin_address_is_not_promoted(people, runtime):
    person = await people.register(email="admin@tiketi.local")
    password_hash = await hash_password(runtime, "another password")
    async with runtime.database.transaction() as tx:
        assert not await ensure_admin(
            tx, email=person.email, password_hash=password_hash, now=runtime.clock.now()
        )
    assert (await people.log_in(person.email)).user["role"] == "user"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "hana@example.com"},
        {"password": PASSWORD},
        {"email": "", "password": PASSWORD},
        {"email": "hana@example.com", "password": ""},
        {"email": "hana@example.com", "password": "p" * 257},
        {"email": "h" * 255, "password": PASSWORD},
        {"email": ["hana@example.com"], "password": PASSWORD},
        {"email": "hana@example.com", "password": PASSWORD, "remember": True},
    ],
)
async def test_what_is_no_log_in_is_refused(client, body):
    assert problem(await client.post("/auth/login", body)) == (422, "invalid")
