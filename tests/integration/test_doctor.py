"""The doctor on real stores and real mistakes: what it says, and what it tells to do."""

import dataclasses
import os
import socket

import pytest
from typer.testing import CliRunner

from tiketi.cli import doctor, machine_checks, store_checks
from tiketi.cli.findings import State
from tiketi.cli.main import build
from tiketi.infra.embedded import EmbeddedValkey, throwaway_directory
from tiketi.services.registry import SERVICES
from tiketi.settings import Settings


def invoke(*arguments):
    return CliRunner().invoke(build(list(arguments)), list(arguments))


async def collect(findings):
    return {finding.subject: finding async for finding in findings}


async def test_stores_in_order_are_found_so(stores):
    database = await collect(store_checks.check_database(stores.postgres.url()))
    assert {finding.state for finding in database.values()} == {State.OK}
    assert set(database) == {"database", "schema", "database clock"}
    redis = await collect(store_checks.check_redis(Settings(redis_url=stores.valkey.url())))
    assert {finding.state for finding in redis.values()} == {State.OK}


async def test_a_cluster_in_order_is_found_so(cluster):
    redis = await collect(store_checks.check_redis(Settings(redis_url=cluster.url())))
    assert {finding.state for finding in redis.values()} == {State.OK}


async def test_database_without_our_schema_is_to_be_migrated(stores):
    url = stores.postgres.url(database="postgres")
    schema = (await collect(store_checks.check_database(url)))["schema"]
    assert schema.state is State.WRONG
    assert "tiketi migrate" in schema.remedy


@pytest.mark.parametrize("url", ["postgresql://a:b@127.0.0.1:1/c", "not a url"])
async def test_database_that_is_away_is_said_to_be(url):
    found = await collect(store_checks.check_database(url))
    assert found["database"].state is State.WRONG
    assert "not reached" in found["database"].said


async def test_redis_that_is_away_is_said_to_be():
    found = await collect(store_checks.check_redis(Settings(redis_url="redis://127.0.0.1:1")))
    assert found["redis"].state is State.WRONG


async def test_redis_that_would_evict_locks_is_warned_of():
    directory = throwaway_directory("tiketi-test-")
    with EmbeddedValkey(directory, settings={"maxmemory-policy": "allkeys-lru"}) as valkey:
        found = await collect(store_checks.check_redis(Settings(redis_url=valkey.url())))
    assert found["redis memory"].state is State.WARNING
    assert "noeviction" in found["redis memory"].remedy


def test_clock_that_is_off_is_wrong():
    assert store_checks._check_skew("clock", 0).state is State.WRONG


def test_taken_port_is_named_with_its_owner(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        moved = dataclasses.replace(SERVICES[0], port=port)
        monkeypatch.setattr(machine_checks, "SERVICES", (moved,))
        found = {each.subject: each for each in machine_checks.check_ports("127.0.0.1", None)}
    assert found[f"port {port}"].state is State.WRONG
    assert f"pid {os.getpid()}" in found[f"port {port}"].said


def test_secrets_that_others_can_read_are_wrong():
    directory = throwaway_directory("tiketi-test-")
    (directory / "secrets.json").write_text("{}")
    (directory / "secrets.json").chmod(0o644)
    found = {
        each.subject: each for each in machine_checks.check_data(directory, needs_postgres=True)
    }
    assert found["secrets"].state is State.WRONG
    assert "chmod 600" in found["secrets"].remedy


def test_full_disk_is_wrong(monkeypatch, tmp_path):
    monkeypatch.setattr(machine_checks, "DISK_BYTES_MIN", 1 << 60)
    assert machine_checks.check_disk(tmp_path).state is State.WRONG


def test_wrong_setting_is_explained_and_fails(monkeypatch):
    monkeypatch.setenv("TIKETI_PORT", "none")
    answer = invoke("doctor")
    assert answer.exit_code == 1
    assert "TIKETI_PORT" in answer.output


def test_misspelt_setting_is_only_warned_of(monkeypatch):
    monkeypatch.setenv("TIKETI_REDIS_ULR", "redis://")
    findings = doctor.examine(None)
    warned = [finding for finding in findings if finding.state is State.WARNING]
    assert any("TIKETI_REDIS_URL" in finding.said for finding in warned)
