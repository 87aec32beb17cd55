"""A Redis Cluster of six shards to run tests against, and what befalls it."""

from redis.cluster import RedisCluster

from tiketi.infra.embedded.cluster import EmbeddedCluster
from tiketi.infra.embedded.ports import LOOPBACK

# Nothing is kept: these nodes lose their data by being killed, as a machine would.
THROWAWAY = {"appendonly": "no"}


def cluster_client(cluster: EmbeddedCluster) -> RedisCluster:
    """A client that is none of ours."""
    node = cluster.nodes[0]
    return RedisCluster(host=LOOPBACK, port=node.port, password=node.password)


def sever(cluster: EmbeddedCluster, shard_number: int) -> None:
    """From here on the shard's replica hears of nothing: what is written now a fail-over forgets.

    The nodes still see each other, so that the replica will be promoted.
    """
    cluster.replica_of(shard_number).command("CONFIG SET", "masterauth", "wrong")
    cluster.master_of(shard_number).command("CLIENT KILL", "TYPE", "REPLICA")


def mend(cluster: EmbeddedCluster) -> None:
    """What is dead lives again, what hangs goes on, what was severed follows its master."""
    for node in cluster.nodes:
        node.resume()
        node.start()
        node.command("CONFIG SET", "masterauth", node.password)
    cluster.settle()
