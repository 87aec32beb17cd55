"""compose.yaml is the registry's, confined, without a password; and it works."""

import re
import time
from dataclasses import replace

import httpx
import pytest
import yaml

from deploy.compose import compose
from tests.deploy.image.containers import ROOT, VARIABLE, Containers, is_ready, made_secrets, word
from tiketi.infra.embedded import EmbeddedPostgres, EmbeddedValkey, throwaway_directory
from tiketi.infra.embedded.ports import pick_free_port
from tiketi.services.registry import SERVICES

READY_SECONDS_MAX = 90
# compose.yaml's own stop_grace_period.
STOP_SECONDS_MAX = 15


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]


def test_the_file_is_what_the_registry_makes():
    """`python -m deploy compose > compose.yaml` makes it so."""
    assert (ROOT / "compose.yaml").read_text("utf-8") == compose()


def test_another_port_arrives():
    moved = tuple(
        replace(service, port=4999) if service.name == "auth" else service for service in SERVICES
    )
    text = compose(moved)
    assert "3010:" not in text
    assert "127.0.0.1:4999:4999" in text
    # Where the others ask for the keys that tokens are verified with.
    assert "http://auth:4999/.well-known/jwks.json" in text


def test_every_service_waits_for_the_migration_at_its_own_port(services):
    for service in SERVICES:
        made = services[service.name]
        assert made["command"] == ["serve", service.name]
        assert made["environment"]["TIKETI_PORT"] == str(service.port)
        assert made["ports"] == [f"127.0.0.1:{service.port}:{service.port}"]
        assert made["depends_on"] == {"migration": {"condition": "service_completed_successfully"}}
        assert f"//{service.role}:" in made["environment"]["TIKETI_DATABASE_URL"]
    assert services["migration"]["depends_on"] == {
        store: {"condition": "service_healthy"} for store in ("postgres", "valkey")
    }


def test_a_buyer_is_sent_to_a_page_that_is_there(services):
    """The sandbox's own, at a port that compose publishes."""
    payment = services["payment"]
    published = {port.rpartition(":")[0] for port in payment["ports"]}
    assert payment["environment"]["TIKETI_PUBLIC_URL"].removeprefix("http://") in published


def test_nothing_may_write_to_its_root_or_gain_privileges(services):
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name not in ("postgres", "valkey"):
            assert service["cap_drop"] == ["ALL"], name
            assert not service["user"].startswith("0"), name


def test_every_password_is_made_by_the_script_and_none_is_in_the_file(services, tmp_path):
    words = made_secrets(tmp_path)
    assert set(VARIABLE.findall((ROOT / "compose.yaml").read_text("utf-8"))) == set(words)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert len(set(words.values())) == len(words)
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY$|SECRET", name):
                assert VARIABLE.search(value), name


def wait_until(holds, seconds_max):
    until = time.monotonic() + seconds_max
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.2)
    return held


@pytest.mark.long
def test_the_six_start_and_serve_with_what_they_are_given(tmp_path, services):
    """As processes, since no container engine is to be had; each under its own role."""
    directory = throwaway_directory("tiketi-compose-")
    ports = {service.name: pick_free_port() for service in SERVICES}
    with (
        EmbeddedPostgres(directory / "postgres", fsync=False) as postgres,
        EmbeddedValkey(directory / "valkey") as valkey,
    ):
        words = {
            **made_secrets(tmp_path),
            "POSTGRES_PASSWORD": postgres.password,
            "VALKEY_PASSWORD": valkey.password,
        }
        addresses = {
            "postgres:5432": f"127.0.0.1:{postgres.port}",
            "valkey:6379": f"127.0.0.1:{valkey.port}",
            **{f"{s.name}:{s.port}": f"127.0.0.1:{ports[s.name]}" for s in SERVICES},
            **{str(s.port): str(ports[s.name]) for s in SERVICES},
        }
        containers = Containers(words, addresses)
        assert containers.start("migration", tmp_path).wait(READY_SECONDS_MAX) == 0
        running = {s.name: containers.start(s.name, tmp_path) for s in SERVICES}
        try:
            for name, port in ports.items():
                assert wait_until(lambda p=port: is_ready(p), READY_SECONDS_MAX), (
                    tmp_path / f"{name}.log"
                ).read_text()
            body = {"email": f"{word()}@example.com", "password": word(), "name": "Minji"}
            auth = f"http://127.0.0.1:{ports['auth']}/api/v1/auth"
            token = httpx.post(f"{auth}/register", json=body).raise_for_status().json()
            # Verified with the key that the auth service answers under its name.
            mine = httpx.get(
                f"http://127.0.0.1:{ports['reservation']}/api/v1/reservations",
                headers={"authorization": f"Bearer {token['access_token']}"},
            )
            assert mine.raise_for_status().json()["items"] == []
        finally:
            for process in running.values():
                process.terminate()
            codes = {name: one.wait(STOP_SECONDS_MAX) for name, one in running.items()}
        assert set(codes.values()) == {0}, codes
