import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from tiketi.infra.embedded import EmbeddedError, EmbeddedValkey


@pytest.fixture
def link(valkey):
    with Redis.from_url(valkey.url()) as client:
        yield client


def test_settings_are_those_we_rely_on(link):
    assert link.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert link.config_get("appendonly") == {"appendonly": "yes"}
    assert link.config_get("appendfsync") == {"appendfsync": "everysec"}
    assert link.config_get("bind") == {"bind": "127.0.0.1"}
    assert int(link.info("server")["redis_version"].split(".")[0]) >= 7


def test_wrong_password_is_refused(valkey):
    url = valkey.url().replace(valkey.password, "wrong")
    with Redis.from_url(url) as client, pytest.raises(AuthenticationError):
        client.ping()


def test_restart_keeps_what_was_written_and_the_port(valkey, link):
    link.set("kept", "7")
    port = valkey.port
    valkey.stop()
    valkey.start()
    assert valkey.port == port
    assert link.get("kept") == b"7"


def test_kill_loses_nothing_acknowledged_to_the_kernel(valkey, link):
    link.set("kept", "7")
    valkey.kill()
    assert not valkey.is_running()
    valkey.start()
    assert link.get("kept") == b"7"


def test_taken_port_is_said_at_once(valkey, directory):
    with pytest.raises(EmbeddedError, match=f"{valkey.port} is taken"):
        EmbeddedValkey(directory / "other", port=valkey.port).start()


def test_refused_setting_is_reported_in_the_servers_words(directory):
    server = EmbeddedValkey(directory / "valkey", settings={"maxmemory-policy": "sometimes"})
    with pytest.raises(EmbeddedError, match="maxmemory-policy"):
        server.start()


def test_cluster_mode_is_a_setting(directory):
    with (
        EmbeddedValkey(directory / "node", settings={"cluster-enabled": "yes"}) as server,
        Redis.from_url(server.url()) as client,
    ):
        assert client.info("cluster")["cluster_enabled"] == 1
