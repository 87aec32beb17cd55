"""Every call refuses in the contract's order: 401, 415, 413, 400, 422."""

import json

import pytest

from tests.http.auth.people import PASSWORD, problem
from tiketi.auth.routes import routes
from tiketi.infra.http.routes import Access

BODIES = {
    "/auth/register": {"email": "hana@example.com", "password": PASSWORD, "name": "A"},
    "/auth/login": {"email": "hana@example.com", "password": PASSWORD},
    "/auth/refresh": {"refresh_token": "token"},
    "/auth/logout": {"refresh_token": "token"},
    "/auth/me": {"name": "A"},
    "/auth/password/change": {"current_password": PASSWORD, "new_password": PASSWORD},
    "/auth/password/forgot": {"email": "hana@example.com"},
    "/auth/password/reset": {"token": "token", "new_password": PASSWORD},
}
WITH_BODY = [(e.method, e.path) for e in routes.endpoints if e.body is not None]
SIGNED_IN = [(e.method, e.path) for e in routes.endpoints if e.access is not Access.PUBLIC]
JSON = {"Content-Type": "application/json"}


def test_every_call_with_a_body_is_tried():
    assert {path for _method, path in WITH_BODY} == set(BODIES)
    assert len(WITH_BODY) == len(BODIES)
    assert ("GET", "/auth/me") in SIGNED_IN


@pytest.mark.parametrize(("method", "path"), SIGNED_IN)
@pytest.mark.parametrize("token", [None, "", "x.y.z"])
async def test_without_a_good_token_nothing_else_is_looked_at(client, method, path, token):
    answer = await client.call(
        method, path, token=token, content=b"x" * 70_000, headers={"Content-Type": "text/plain"}
    )
    assert problem(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="tiketi"'


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
async def test_a_body_is_refused_in_order(client, people, method, path):
    token = (await people.register(email="other@example.com")).access_token
    good = json.dumps(BODIES[path]).encode()

    async def send(content, headers=JSON):
        answer = await client.call(method, path, token=token, content=content, headers=headers)
        return problem(answer)

    large, text = b"[" * 70_000, {"Content-Type": "text/plain"}
    assert await send(large, text) == (415, "unsupported_media_type")
    assert await send(good, text) == (415, "unsupported_media_type")
    assert await send(good, {}) == (415, "unsupported_media_type")
    assert await send(large) == (413, "body_too_large")
    assert await send(b"") == (400, "malformed_json")
    assert await send(good[:-1]) == (400, "malformed_json")
    assert await send(b"\xff\xfe") == (400, "malformed_json")
    for wrong in (b"[]", b"null", b'"text"', b"1"):
        assert await send(wrong) == (422, "invalid")
    unknown = json.dumps({**BODIES[path], "unknown": 1}).encode()
    assert await send(unknown) == (422, "invalid")
    for field in BODIES[path]:
        for value in (1, [], {}, True, "\x00", "a\x00b"):
            wrong = json.dumps({**BODIES[path], field: value}).encode()
            assert await send(wrong) == (422, "invalid")
        surrogate = json.dumps({**BODIES[path], field: "SURROGATE"}).replace("SURROGATE", "\\ud800")
        assert await send(surrogate.encode()) == (422, "invalid")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/auth/login", "POST"),
        ("PUT", "/auth/me", "DELETE, GET, HEAD, PATCH"),
        ("POST", "/auth/jwks.json", "GET, HEAD"),
    ],
)
async def test_another_method_is_refused_with_those_allowed(client, method, path, allow):
    answer = await client.call(method, path)
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize("path", ["/auth", "/auth/", "/auth/me/", "/auth/nothing", "/auth/logins"])
async def test_an_unknown_path_is_not_found(client, path):
    assert problem(await client.post(path, {})) == (404, "not_found")
