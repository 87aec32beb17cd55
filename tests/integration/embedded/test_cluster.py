"""Six masters with a replica each, on this machine."""

import psutil
import pytest

from tests.support.cluster import cluster_client
from tiketi.infra.embedded.cluster import EmbeddedCluster
from tiketi.infra.keyspace import Pool, shards, slot_of, tag_for


@pytest.mark.long
def test_it_keeps_its_data_and_leaves_no_process_behind(directory):
    cluster = EmbeddedCluster(directory / "cluster")
    with cluster:
        pids = [node.pid for node in cluster.nodes]
        with cluster_client(cluster) as client:
            client.set("kept", "7")
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with cluster, cluster_client(cluster) as client:
        assert client.get("kept") == b"7"


def test_each_shard_serves_the_slots_of_the_keyspace(cluster):
    for shard in shards():
        master = cluster.master_of(shard.number)
        assert master.serves(shard.first)
        assert master.serves(shard.last)
        assert cluster.replica_of(shard.number).is_in_step()


def test_no_port_is_among_those_that_the_kernel_hands_out(cluster):
    for node in cluster.nodes:
        assert max(node.port, node.bus_port) < 32_768


@pytest.mark.parametrize(("pool", "number"), [(Pool.QUEUE, 1), (Pool.LOCK, 2)])
def test_an_entity_lives_on_its_pools_shard(cluster, pool, number):
    slot = slot_of(tag_for(pool, "somebody"))
    assert cluster.master_of(number).serves(slot)
