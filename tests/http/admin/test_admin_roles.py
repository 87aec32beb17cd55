"""Who may call what: every call of the admin service, by every role."""

import pytest

from tiketi.admin.routes import routes
from tiketi.infra.http.routes import Access
from tiketi.kernel.actor import Role
from tiketi.kernel.ids import new_id

CREW = {Role.STAFF, Role.ORGANIZER, Role.ADMIN}
EVENTS = {Role.ORGANIZER, Role.ADMIN}
ALLOWED = {
    ("POST", "/admin/checkins"): CREW,
    ("GET", "/admin/reservations"): CREW,
    ("GET", "/admin/audit"): {Role.ADMIN},
    ("GET", "/admin/health/invariants"): {Role.ADMIN},
    ("GET", "/admin/users"): {Role.ADMIN},
    ("PUT", "/admin/users/{user_id}/role"): {Role.ADMIN},
}
WITH_ID = [endpoint for endpoint in routes.endpoints if "{" in endpoint.path]


def path_of(endpoint) -> str:
    path = endpoint.path
    for name in ("event_id", "layout_id", "reservation_id", "user_id"):
        path = path.replace(f"{{{name}}}", str(new_id()))
    return path


def named(endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def test_every_call_has_the_roles_that_are_written_here():
    for endpoint in routes.endpoints:
        allowed = ALLOWED.get((endpoint.method, endpoint.path), EVENTS)
        assert endpoint.access.value == allowed, named(endpoint)
    assert len(routes.endpoints) == len({named(endpoint) for endpoint in routes.endpoints})


async def test_without_a_token_nobody_gets_in(client):
    for endpoint in routes.endpoints:
        answer = await client.call(endpoint.method, path_of(endpoint))
        assert answer.status_code == 401, named(endpoint)
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_gets_no_further_than_its_calls(client, role):
    token = client.token(role=role)
    for endpoint in routes.endpoints:
        answer = await client.call(endpoint.method, path_of(endpoint), token=token)
        may = role in ALLOWED.get((endpoint.method, endpoint.path), EVENTS)
        assert (answer.status_code != 403) == may, f"{named(endpoint)}: {answer.text}"
        assert answer.status_code < 500, f"{named(endpoint)}: {answer.text}"


@pytest.mark.parametrize("endpoint", WITH_ID, ids=named)
async def test_an_unknown_or_malformed_id_is_not_found_before_anything_else(client, endpoint):
    token = client.token(role="admin")
    for path in (path_of(endpoint), endpoint.path.replace("{", "").replace("}", "")):
        answer = await client.call(
            endpoint.method, path, token=token, content=b"{", headers={"Content-Type": "text/html"}
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_admins_have_no_rate_limit_and_organizers_do(runtime, client, settings):
    runtime.settings = settings.model_copy(
        update={"rate_limit_enabled": True, "limit_user_per_minute": 2}
    )
    for role, last in ((Role.ADMIN, 200), (Role.ORGANIZER, 429)):
        token = client.token(role=role)
        statuses = [(await client.get("/admin/events", token=token)).status_code for _ in range(3)]
        assert statuses == [200, 200, last]


def test_public_calls_there_are_none():
    assert all(endpoint.access is not Access.PUBLIC for endpoint in routes.endpoints)
