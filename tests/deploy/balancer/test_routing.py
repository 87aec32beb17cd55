"""The routing table on a real balancer before the six real services."""

import asyncio
import re
import subprocess
import time
from dataclasses import replace

import httpx
import pytest

from deploy.environment import ENVIRONMENTS
from deploy.haproxy import CHECK_INTERVAL_SECONDS as CHECK_INTERVAL_SECONDS_DEPLOYED
from deploy.haproxy import STICKY_COOKIE, make_haproxy, render
from deploy.routing import UNHEALTHY_THRESHOLD, rules
from tests.deploy.balancer.conftest import (
    ADMIN_HOST,
    API_HOST,
    CHECK_INTERVAL_SECONDS,
    DOWN_SECONDS_MAX,
    HOSTS,
    SITE_HOST,
)
from tests.support.dns import NameServer
from tests.support.haproxy import Haproxy
from tests.support.live import open_socket, token_of
from tiketi.infra.embedded import pick_free_port
from tiketi.infra.embedded.process import wait_until
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.ids import new_id
from tiketi.services.app import endpoints_of
from tiketi.services.registry import SERVICES

LATE_SECONDS = 0.5  # what a check and its answer take on a busy machine


def answered(front) -> dict[str, int]:
    return {
        name: sum(task.answered() for task in tasks) for name, tasks in front.fleet.tasks.items()
    }


def grown(before, after) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.service.name)
def test_every_endpoint_reaches_its_own_service_and_no_other(front, rule):
    endpoints = endpoints_of(rule.service)
    before = answered(front)
    with front.client(HOSTS[rule.host]) as client:
        for endpoint in endpoints:
            path = re.sub(r"{[^}]+}", str(new_id()), endpoint.path)
            answer = client.request(endpoint.method, f"/api/v1{path}")
            assert answer.status_code < 500, answer.text
    assert grown(before, answered(front)) == {rule.service.name: len(endpoints)}


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (API_HOST, "/"),
        (API_HOST, "/health"),
        (API_HOST, "/metrics"),
        (API_HOST, "/api/v1/authentic"),
        (API_HOST, "/api/v1/admin/stats"),
        (SITE_HOST, "/api/v1/admin/stats"),
        (SITE_HOST, "/"),
        ("elsewhere.test", "/api/v1/events"),
    ],
)
def test_what_no_rule_is_for_is_a_404_of_the_balancers_own(front, host, path):
    before = answered(front)
    with front.client(host) as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["status"]) == ("not_found", 404)
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert answered(front) == before


@pytest.mark.parametrize("host", [API_HOST, SITE_HOST, ADMIN_HOST])
def test_pages_call_the_api_at_the_host_that_they_came_from(front, host):
    with front.client(host) as client:
        assert client.get("/api/v1/events").status_code == 200
        assert client.get("/api/v1/auth/jwks.json").status_code == 200


def test_an_unknown_version_is_named_as_the_services_name_it(front):
    with front.client() as client:
        answer = client.get("/api/v9/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_api_version")
    assert answer.json()["supported"] == ["v1"]


def test_a_client_of_the_queue_stays_at_its_task(front):
    path = f"/api/v1/queue/{front.line_id}/board"
    tasks = front.fleet.tasks["queue"]
    before = [task.answered() for task in tasks]
    with front.client() as client:
        assert {client.get(path).status_code for _ in range(12)} == {200}
        assert STICKY_COOKIE in client.cookies
    after = [task.answered() for task in tasks]
    assert sorted(now - then for now, then in zip(after, before, strict=True)) == [0, 12]
    for _ in range(12):  # strangers are spread
        with front.client() as stranger:
            stranger.get(path)
    spread = [now - then for now, then in zip((t.answered() for t in tasks), after, strict=True)]
    assert min(spread) >= 1


def test_no_other_service_is_sticky(front):
    with front.client() as client:
        answer = client.get("/api/v1/events")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


async def test_sockets_and_streams_go_through(front, base_settings):
    runtime = open_runtime(base_settings, service="beside")
    token = token_of(runtime)
    await runtime.close()
    base = f"/api/v1/queue/{front.line_id}"
    signed = {"Authorization": f"Bearer {token}", "Host": API_HOST}
    async with httpx.AsyncClient(base_url=f"http://{front.address}", headers=signed) as client:
        standing = (await client.post(f"{base}/join")).json()
        async with open_socket(front, front.line_id, host=API_HOST) as follower:
            await follower.say_hello(access_token=token)
            assert (await follower.next("queue.position"))["number"] == standing["number"]
        async with client.stream("GET", f"{base}/stream") as stream:
            assert stream.status_code == 200
            async with asyncio.timeout(10):
                async for line in stream.aiter_lines():
                    if line == "event: queue.position":
                        break


def test_a_killed_task_costs_no_new_request_and_is_soon_out_of_rotation(front):
    victim = front.fleet.tasks["event"][0]
    victim.kill()
    began = time.monotonic()
    statuses = []

    def is_out():
        with front.client() as client:  # a connection each, as new clients have
            statuses.append(client.get("/api/v1/events").status_code)
        return front.haproxy.servers("event")["event1"] == "DOWN"

    try:
        assert wait_until(is_out, timeout_seconds=30)
        seconds = time.monotonic() - began
        assert seconds < DOWN_SECONDS_MAX + LATE_SECONDS
        assert set(statuses) == {200}
    finally:
        victim.start()
        front.wait_up("event")


def test_with_no_task_left_buyers_are_told_when_to_come_back(front):
    victim = front.fleet.tasks["payment"][0]
    victim.kill()
    try:
        with front.client() as client:
            answer = client.get(f"/api/v1/payments/{new_id()}")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    finally:
        victim.start()
        front.wait_up("payment")


@pytest.fixture
def certificate(tmp_path):
    """A PEM file of certificate and key, as haproxy takes it."""
    file = tmp_path / "site.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=api.tiketi.test"
    subprocess.run(
        [*make.split(), "-keyout", f"{file}.key", "-out", file], check=True, capture_output=True
    )
    return file


def test_tls_is_spoken_by_http_2_and_plain_http_is_sent_there(front, certificate, tmp_path):
    port, plain_port = pick_free_port(), pick_free_port()
    secure = Haproxy(tmp_path)
    site = replace(
        front.site,
        port=port,
        plain_port=plain_port,
        certificate=str(certificate),
        admin_socket=str(secure.socket),
    )
    secure.start(render(site))
    try:
        to_here = ["--connect-to", f"{API_HOST}::{front.address.partition(':')[0]}:"]
        asked = ["curl", "-sk", "--http2", *to_here, "-w", "%{http_version} %{http_code} "]
        line = f"{API_HOST}:{port}/api/v1/queue/{front.line_id}/board"
        by_tls = subprocess.run(
            [*asked, "-o", "/dev/null", "-D", "-", f"https://{line}"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert by_tls.endswith("2 200 ")
        assert re.search(rf"set-cookie: {STICKY_COOKIE}=.*; secure", by_tls, re.IGNORECASE)
        plain = httpx.get(
            f"http://127.0.0.1:{plain_port}/api/v1/events", headers={"Host": API_HOST}
        )
        assert plain.status_code == 301
        assert plain.headers["location"] == f"https://{API_HOST}/api/v1/events"
    finally:
        secure.stop()


def test_tasks_are_found_by_name(front, tmp_path):
    found = [replace(service, port=front.fleet.tasks[service.name][0].port) for service in SERVICES]
    by_name = Haproxy(tmp_path)
    with NameServer("127.0.0.1") as names:
        site = replace(
            front.site,
            port=pick_free_port(),
            servers=None,
            domain="tiketi.test",
            name_server=names.place,
            admin_socket=str(by_name.socket),
        )
        by_name.start(render(site, found))
        try:
            at = {"base_url": f"http://127.0.0.1:{site.port}", "headers": {"Host": API_HOST}}
            with httpx.Client(**at) as client:
                assert wait_until(
                    lambda: client.get("/api/v1/events").status_code == 200, timeout_seconds=20
                ), by_name.said
        finally:
            by_name.stop()


def test_what_is_deployed_is_a_valid_configuration(front, certificate, tmp_path):
    (text,) = make_haproxy(ENVIRONMENTS["prod"]).values()
    file = tmp_path / "haproxy.cfg"
    file.write_text(text.replace("/etc/haproxy/tls", str(certificate)))
    checked = subprocess.run(
        [front.haproxy.program, "-c", "-f", file], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert CHECK_INTERVAL_SECONDS < CHECK_INTERVAL_SECONDS_DEPLOYED
    assert (
        f"inter {CHECK_INTERVAL_SECONDS_DEPLOYED * 1000:.0f}ms fall {UNHEALTHY_THRESHOLD}" in text
    )
