import pytest
from redis.asyncio.cluster import ClusterNode

from tiketi.infra.redis_cluster import open_cluster


@pytest.mark.parametrize(
    ("host", "port", "is_news"),
    [
        (b"10.0.0.1", 6379, False),
        (b"10.0.0.2", 6379, True),
        (b"10.0.0.1", 6380, True),
        (b"", 6379, False),
    ],
)
async def test_another_master_is_told_by_host_and_by_port(host, port, is_news):
    client = open_cluster("redis://10.0.0.1:6379", at_once_max=1, connect_timeout_seconds=1)
    client.nodes_manager.slots_cache = {0: [ClusterNode("10.0.0.1", 6379)]}
    assert client._is_news([[0, 100, [host, port, b"id"]]], "10.0.0.1") is is_news


async def test_slots_that_were_not_served_are_news():
    client = open_cluster("redis://10.0.0.1:6379", at_once_max=1, connect_timeout_seconds=1)
    assert client._is_news([[0, 100, [b"10.0.0.1", 6379, b"id"]]], "10.0.0.1")


async def test_every_node_of_the_url_is_a_way_in():
    url = "rediss://user:p%40ss@a.example:7000,b.example:7001,c.example"
    client = open_cluster(url, at_once_max=1, connect_timeout_seconds=1)
    names = {"a.example:7000", "b.example:7001", "c.example:6379"}
    assert set(client.nodes_manager.startup_nodes) == names
    for node in client.nodes_manager.startup_nodes.values():
        assert node.connection_kwargs["password"] == "p@ss"
        assert node.connection_class.__name__ == "SSLConnection"
