from datetime import timedelta

import jwt
import pytest
from sqlalchemy import text

from tests.http.auth.people import problem
from tests.support.client import open_client
from tiketi.auth.api import set_role
from tiketi.infra.tokens import KeyRing, new_seed
from tiketi.kernel.actor import Role
from tiketi.kernel.ids import new_id, parse_id
from tiketi.services.registry import SERVICES, get_service


async def test_an_access_token_verifies_by_the_published_keys(client, people):
    person = await people.register()
    answer = await client.get("/auth/jwks.json")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert "d" not in answer.json()["keys"][0]
    keys = jwt.PyJWKSet.from_dict(answer.json())
    header = jwt.get_unverified_header(person.access_token)
    assert (header["typ"], header["alg"]) == ("at+jwt", "EdDSA")

    claims = jwt.decode(
        person.access_token, keys[header["kid"]], ["EdDSA"], audience="tiketi", issuer="tiketi"
    )

    assert set(claims) == {"iss", "aud", "sub", "iat", "exp", "jti", "role", "gen"}
    assert (claims["sub"], claims["role"]) == (person.user["id"], "user")
    assert claims["exp"] - claims["iat"] == 600
    other = jwt.decode(
        (await people.log_in(person.email)).access_token, options={"verify_signature": False}
    )
    assert other["jti"] != claims["jti"]


async def test_the_well_known_key_set_is_the_same(client):
    well_known = await client.http.get("/.well-known/jwks.json")
    assert well_known.json() == (await client.get("/auth/jwks.json")).json()


async def test_an_access_token_ends_after_ten_minutes(client, people, clock):
    person = await people.register()
    clock.ahead += timedelta(seconds=598)
    assert (await client.get("/auth/me", token=person.access_token)).status_code == 200
    clock.ahead += timedelta(seconds=2)
    answer = await client.get("/auth/me", token=person.access_token)
    assert problem(answer) == (401, "unauthenticated")


@pytest.mark.parametrize("forgery", ["no key", "other key", "other type", "no algorithm"])
async def test_a_forged_token_is_refused(client, people, runtime, forgery):
    person = await people.register()
    claims = {"sub": person.user["id"], "role": "admin", "gen": 0, "jti": str(new_id())}
    now = runtime.clock.now()
    times = {"audience": "tiketi", "issued_at": now, "expires_at": now + timedelta(minutes=5)}
    if forgery == "other key":
        token = KeyRing(new_seed(), None, issuer="tiketi").sign(claims, typ="at+jwt", **times)
    elif forgery == "other type":
        token = runtime.keys.sign(claims, typ="queue-receipt+jwt", **times)
    else:
        header, payload, signature = person.access_token.split(".")
        if forgery == "no algorithm":
            token = jwt.encode(claims, None, "none", headers={"typ": "at+jwt"})
        else:
            token = f"{header}.{payload}.{signature[::-1]}"
    assert problem(await client.get("/auth/me", token=token)) == (401, "unauthenticated")


async def test_a_refresh_token_is_no_access_token(client, people):
    person = await people.register()
    answer = await client.get("/auth/me", token=person.refresh_token)
    assert problem(answer) == (401, "unauthenticated")


async def test_another_role_refuses_the_tokens_of_the_old_one(client, people, runtime):
    person = await people.register()
    user_id = parse_id(person.user["id"])
    async with runtime.database.transaction() as tx:
        assert (await set_role(tx, user_id, Role.ORGANIZER)).role is Role.ORGANIZER
    answer = await client.get("/auth/me", token=person.access_token)
    assert problem(answer) == (401, "unauthenticated")

    told = (await people.refresh(person.refresh_token)).json()

    me = await client.get("/auth/me", token=told["access_token"])
    assert me.json()["role"] == "organizer"
    async with runtime.database.transaction() as tx:
        await set_role(tx, user_id, Role.ORGANIZER)
    assert (await client.get("/auth/me", token=told["access_token"])).status_code == 200


async def test_secrets_are_kept_as_digests_only(people, runtime):
    person = await people.register()
    renewed = (await people.refresh(person.refresh_token)).json()["refresh_token"]
    async with runtime.database.latest() as reader:
        for table in ("account", "session", "refresh_token"):
            rows = await reader.execute(text(f"SELECT t::text FROM auth.{table} AS t"))
            kept = "\n".join(rows.scalars())
            for secret in (person.refresh_token, renewed, "correct horse battery"):
                assert secret not in kept
                assert secret.encode().hex() not in kept


async def test_other_services_do_not_answer_for_auth(runtime):
    for service in SERVICES:
        if service.name != "auth":
            async with open_client(runtime, get_service(service.name)) as client:
                assert (await client.get("/auth/jwks.json")).status_code == 404
