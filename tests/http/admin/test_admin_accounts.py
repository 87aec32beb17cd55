import asyncio

import pytest

from tests.http.admin.house import enrol, hire
from tests.http.auth.people import PASSWORD
from tests.support.client import open_client
from tiketi.auth import api as auth
from tiketi.kernel.actor import Role
from tiketi.kernel.ids import new_id
from tiketi.services.registry import EDGE
from tiketi.services.revocation import is_revoked


async def test_a_role_is_given_and_answered(admin, client):
    (user_id,) = await enrol(client, "anna@tiketi.test")
    answer = await admin.put(f"/users/{user_id}/role", {"role": "organizer"})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["id"], shown["email"]) == (str(user_id), "anna@tiketi.test")
    assert (shown["name"], shown["role"]) == ("anna", "organizer")


async def test_tokens_that_name_the_old_role_die_at_once(runtime):
    runtime.is_revoked = is_revoked
    async with open_client(runtime, EDGE) as client:
        admin = await hire(client, Role.ADMIN, "admin")
        email = "boris@tiketi.test"
        body = {"email": email, "password": PASSWORD, "name": "Boris"}
        registered = (await client.post("/auth/register", body)).json()
        user_id, old = registered["user"]["id"], registered["access_token"]
        assert (await client.get("/auth/me", token=old)).status_code == 200
        assert (await admin.put(f"/users/{user_id}/role", {"role": "staff"})).status_code == 200
        for path in ("/auth/me", f"/payments/{new_id()}", "/admin/reservations"):
            assert (await client.get(path, token=old)).status_code == 401, path
        refresh = {"refresh_token": registered["refresh_token"]}
        new = (await client.post("/auth/refresh", refresh)).json()["access_token"]
        assert (await client.get("/admin/reservations", token=new)).status_code == 200
        assert (await client.get("/auth/me", token=new)).json()["role"] == "staff"


async def test_nobody_takes_their_own_admin_role_away(admin):
    refused = await admin.put(f"/users/{admin.id}/role", {"role": "user"})
    assert (refused.status_code, refused.json()["code"]) == (409, "own_role")
    assert (await admin.put(f"/users/{admin.id}/role", {"role": "admin"})).status_code == 200


async def test_two_admins_who_demote_each_other_do_not_both_succeed(client):
    anna = await hire(client, Role.ADMIN, "anna")
    boris = await hire(client, Role.ADMIN, "boris")
    answers = await asyncio.gather(
        anna.put(f"/users/{boris.id}/role", {"role": "user"}),
        boris.put(f"/users/{anna.id}/role", {"role": "user"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 401]


@pytest.mark.parametrize("body", [{}, {"role": "root"}, {"role": None}, {"role": "staff", "x": 1}])
async def test_a_wrong_role_is_refused(admin, client, body):
    (user_id,) = await enrol(client, "anna@tiketi.test")
    assert (await admin.put(f"/users/{user_id}/role", body)).status_code == 422


async def test_accounts_are_found_by_address_name_and_id(admin, client):
    ids = await enrol(client, "kim1@tiketi.test", "kim2@tiketi.test", "lee@tiketi.test")
    for query, emails in {
        "kim": ["kim1@tiketi.test", "kim2@tiketi.test"],
        "LEE@tiketi": ["lee@tiketi.test"],
        str(ids[1]): ["kim2@tiketi.test"],
        str(new_id()): [],
        "%": [],
    }.items():
        answer = await admin.get("/users", params={"q": query})
        assert sorted(user["email"] for user in answer.json()["items"]) == emails, query
        assert answer.json()["next_cursor"] is None
    assert len((await admin.get("/users?limit=2")).json()["items"]) == 2
    assert (await admin.get("/users?limit=101")).status_code == 422


async def test_a_change_is_on_record_and_a_refusal_is_not(admin, client):
    (user_id,) = await enrol(client, "anna@tiketi.test")
    await admin.put(f"/users/{user_id}/role", {"role": "staff"})
    await admin.put(f"/users/{admin.id}/role", {"role": "user"})
    (entry,) = (await admin.get("/audit?action=account.role")).json()["items"]
    assert (entry["actor_id"], entry["subject_id"]) == (admin.id, str(user_id))
    assert entry["actor_email"] == "admin@tiketi.test"
    assert entry["detail"] == {"from": "user", "to": "staff"}


async def test_an_erased_account_has_no_role_to_give(admin, client, runtime):
    async with runtime.database.transaction() as tx:
        (user_id,) = await auth.enrol_users(
            tx, emails=["gone@tiketi.test"], now=runtime.clock.now()
        )
    gone = client.token(user_id)
    assert (await client.delete("/auth/me", token=gone)).status_code == 204
    assert (await admin.put(f"/users/{user_id}/role", {"role": "admin"})).status_code == 404
