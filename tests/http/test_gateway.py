"""What every service does for every request, whatever the module."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest
from openapi_spec_validator import validate

from tests.support.client import API, open_client
from tests.support.on_sale import open_sale
from tiketi.infra.http.identity import ACCESS_AUDIENCE, ACCESS_TYPE
from tiketi.infra.runtime import Runtime, open_runtime
from tiketi.infra.tokens import KeyRing, new_seed
from tiketi.kernel.ids import new_id
from tiketi.services.app import App
from tiketi.services.registry import EDGE, SERVICES, get_service

ORDER = {"event_id": str(new_id()), "seat_ids": ["A-1-1"]}


async def test_health_touches_no_dependency(client):
    answer = await client.http.get("/health")
    assert answer.json() == {"status": "ok", "service": "edge", "version": "0.1.0"}


async def test_readiness_names_what_is_away(settings):
    away = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"})
    runtime = open_runtime(away)
    async with open_client(runtime, EDGE) as client:
        answer = await client.http.get("/health/ready")
        alive = await client.http.get("/health")
    await runtime.close()
    assert (answer.status_code, alive.status_code) == (503, 200)
    assert answer.json()["dependencies"] == {
        "process": "ok",
        "database": "ok",
        "redis": "unavailable",
    }


async def test_a_draining_process_is_not_ready(runtime):
    app = App(EDGE, runtime)
    app.begin_drain()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://tiketi.test"
    ) as http:
        assert (await http.get("/health/ready")).status_code == 503


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_another_s_prefix_is_a_404(runtime, service):
    async with open_client(runtime, service) as client:
        for other in SERVICES:
            for prefix in other.prefixes:
                answer = await client.get(f"/{prefix}/{new_id()}/nothing", token=client.token())
                assert answer.status_code == 404
        own = {path for path in (await document(client))["paths"] if path.startswith(API)}
        assert own
        assert all(path.split("/")[3] in service.prefixes for path in own)


async def document(client):
    return (await client.http.get("/openapi.json")).json()


async def test_every_route_is_described_by_the_document(client):
    described = await document(client)
    assert described["openapi"] == "3.1.0"
    reserve = described["paths"][f"{API}/reservations"]["post"]
    assert {"Idempotency-Key", "Queue-Pass"} <= {p["name"] for p in reserve["parameters"]}
    assert "seat_taken" in reserve["responses"]["409"]["description"]
    assert reserve["security"] == [{"access_token": []}]
    assert (await client.http.get("/docs")).headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("service", [*SERVICES, EDGE], ids=lambda service: service.name)
async def test_the_document_is_valid_with_every_reference_in_it(runtime, service):
    async with open_client(runtime, service) as client:
        described = await document(client)
    validate(described)
    answers = [
        answer["content"]["application/json"]["schema"]
        for path in described["paths"].values()
        for operation in path.values()
        for answer in operation["responses"].values()
        if "application/json" in answer.get("content", {})
    ]
    assert answers
    assert all("$ref" in schema for schema in answers)


async def test_metrics_count_requests_by_route_not_by_path(client):
    await client.get(f"/reservations/{new_id()}", token=client.token())
    text = (await client.http.get("/metrics")).text
    assert 'route="/reservations/{reservation_id}",service="edge",status="404"' in text


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc.DEF_1-2", True), ("x" * 128, True), ("x" * 129, False), ("a b", False), ("", False)],
)
async def test_a_well_formed_request_id_is_taken(client, given, kept):
    answer = await client.http.get("/health", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is kept
    assert answer.headers["x-request-id"]


async def test_an_unknown_version_names_the_known_ones(client):
    answer = await client.http.get("/api/v2/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_api_version")
    assert answer.json()["supported"] == ["v1"]
    assert (await client.http.get("/api/v1/nothing")).json()["code"] == "not_found"


async def test_a_wrong_method_names_the_right_ones(client):
    answer = await client.delete("/reservations", token=client.token())
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"


async def test_head_is_get_without_a_body(client):
    answer = await client.call("HEAD", "/events")
    assert (answer.status_code, answer.content) == (200, b"")


def forged(runtime: Runtime, **changes) -> dict[str, str]:
    now = runtime.clock.now()
    ring = changes.pop("ring", runtime.keys)
    options = {
        "typ": ACCESS_TYPE,
        "audience": ACCESS_AUDIENCE,
        "issued_at": now,
        "expires_at": now + timedelta(minutes=10),
    }
    claims = changes.pop("claims", {"sub": str(new_id()), "role": "user"})
    return {"Authorization": "Bearer " + ring.sign(claims, **(options | changes))}


async def test_no_bad_token_gets_in(client, runtime):
    now = runtime.clock.now()
    good = client.token()
    bad = [
        {},
        {"Authorization": ""},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer x.y.z"},
        {"Authorization": f"Bearer {good[:-4]}AAAA"},
        forged(runtime, expires_at=now - timedelta(seconds=1)),
        forged(runtime, typ="queue-pass+jwt"),
        forged(runtime, audience="other"),
        forged(runtime, claims={"sub": "nobody", "role": "user"}),
        forged(runtime, claims={"sub": str(new_id()), "role": "emperor"}),
        forged(runtime, claims={"role": "user"}),
        forged(runtime, ring=KeyRing(new_seed(), None, issuer="tiketi")),
    ]
    for headers in bad:
        answer = await client.post("/reservations", ORDER, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), headers
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await client.get("/reservations", token=good)).status_code == 200


async def test_the_order_of_refusals(client, runtime):
    """401, 403, 404, 415, 413, 400, 422, the key's 400, 409: each wins over all after it."""
    token = client.token()
    path = "/reservations"
    big = b'{"x": "' + b"a" * 70_000 + b'"}'
    json_type = {"Content-Type": "application/json"}

    async def status(content=b"", headers=None, token=None, path=path):
        answer = await client.post(path, content=content, headers=headers or {}, token=token)
        return answer.status_code

    assert await status(big, {"Content-Type": "text/plain"}) == 401
    assert await status(big, {"Content-Type": "text/plain"}, token, "/admin/layouts") == 403
    assert await status(big, {"Content-Type": "text/plain"}, token) == 415
    assert await status(big, json_type, token) == 413
    assert await status(b"{", json_type, token) == 400
    assert await status(b"{}", json_type, token) == 422
    event = await open_sale(runtime)
    order = json.dumps({"event_id": str(event.id), "seat_ids": ["A-1-1"]}).encode()
    unkeyed = await client.post(path, content=order, headers=json_type, token=token)
    assert unkeyed.json()["code"] == "idempotency_key_required"


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "", None])
async def test_only_json_is_read(client, media_type):
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = await client.post(
        "/reservations", content=json.dumps(ORDER).encode(), headers=headers, token=client.token()
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_json_with_a_charset_is_json(client):
    answer = await client.post(
        "/reservations",
        content=b"{}",
        headers={"Content-Type": "application/json; charset=utf-8"},
        token=client.token(),
    )
    assert answer.status_code == 422


async def test_a_body_sent_in_pieces_is_capped_too(client):
    async def pieces():
        for _ in range(70):
            yield b" " * 1_000

    answer = await client.post(
        "/reservations",
        content=pieces(),
        headers={"Content-Type": "application/json"},
        token=client.token(),
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_body_too_slow_is_given_up(settings):
    slow = open_runtime(settings.model_copy(update={"body_timeout_seconds": 0.1}))
    never = asyncio.Event()

    async def dripping():
        yield b"{"
        await never.wait()

    async with open_client(slow, EDGE) as client:
        answer = await client.post(
            "/reservations",
            content=dripping(),
            headers={"Content-Type": "application/json"},
            token=client.token(),
        )
    await slow.close()
    assert (answer.status_code, answer.json()["code"]) == (408, "body_too_slow")


async def test_a_client_that_leaves_amid_its_body_is_no_error_of_ours(runtime):
    messages = [
        {"type": "http.request", "body": b'{"em', "more_body": True},
        {"type": "http.disconnect"},
    ]
    statuses = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        statuses.append(message.get("status"))

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"{API}/auth/login",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"90")],
        "client": ("127.0.0.1", 1),
    }
    await App(EDGE, runtime)(scope, receive, send)
    assert statuses[0] == 400


async def test_the_registry_names_each_service_once():
    assert [service.port for service in SERVICES] == [3010, 3011, 3012, 3013, 3014, 3015]
    with pytest.raises(KeyError, match="reservation"):
        get_service("nothing")


async def test_without_its_stores_a_call_says_when_to_come_back(settings):
    away = settings.model_copy(
        update={"database_url": "postgresql://x@127.0.0.1:1/x", "database_timeout_seconds": 0.5}
    )
    runtime = open_runtime(away)
    async with open_client(runtime, EDGE) as client:
        answer = await client.get(f"/reservations/{new_id()}", token=client.token())
    await runtime.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
