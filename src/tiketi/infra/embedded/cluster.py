"""A whole Valkey Cluster on this machine: a master and a replica for each shard of the keyspace."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote

from tiketi.infra.embedded.cluster_node import ClusterNode, parse_nodes
from tiketi.infra.embedded.directory import prepare, read_or_make_secret, write_private
from tiketi.infra.embedded.errors import EmbeddedError
from tiketi.infra.embedded.ports import LOOPBACK
from tiketi.infra.embedded.process import wait_until
from tiketi.infra.keyspace import shards

# How long a node may be silent before the others take it for dead.
NODE_TIMEOUT_MS = 2_000
FORM_TIMEOUT_SECONDS = 60.0
SETTLE_TIMEOUT_SECONDS = 60.0


class EmbeddedCluster:
    """``nodes``: the shards' first masters in the order of ``keyspace.shards()``, then a replica
    of each in the same order. After a fail-over ``master_of`` says who is the master now.

    ``settings`` override valkey.conf's in every node. Not thread safe: one caller at a time.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        node_timeout_ms: int = NODE_TIMEOUT_MS,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        names = [f"shard-{shard.number}" for shard in shards()]
        self.nodes = [
            ClusterNode(self.data_dir / name, node_timeout_ms=node_timeout_ms, settings=settings)
            for name in (*names, *(f"{name}-replica" for name in names))
        ]

    def url(self) -> str:
        """Names the first masters: one that lives is enough for a client to find the others."""
        login = f":{quote(self.nodes[0].password, safe='')}"
        hosts = ",".join(f"{LOOPBACK}:{node.port}" for node in self.nodes[: len(shards())])
        return f"redis+cluster://{login}@{hosts}"

    def start(self, *, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Until every slot has a master and every master a replica. Raises EmbeddedError."""
        prepare(self.data_dir)
        password = read_or_make_secret(self.data_dir / "password")
        try:
            for node in self.nodes:
                if not node.data_dir.exists():
                    prepare(node.data_dir)
                    write_private(node.data_dir / "password", password)
                node.start(interrupted=interrupted)
            is_new = not any(node.knows_others() for node in self.nodes)
            if is_new:
                self._divide_slots()
            self._introduce()
            if is_new:
                self._appoint_replicas()
            self.settle()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Replicas first, so that no master's end makes one of them stand for election."""
        for node in reversed(self.nodes):
            node.stop()

    def heal(self) -> None:
        """Start again what is dead, and wait until every master has its replica."""
        for node in self.nodes:
            node.start()
        self.settle()

    def settle(self) -> None:
        """Wait until all agree on who serves which slots and every replica follows its master."""
        if not wait_until(self._is_settled, timeout_seconds=SETTLE_TIMEOUT_SECONDS):
            states = [(node.data_dir.name, node.state()) for node in self.nodes]
            raise EmbeddedError(f"the cluster did not settle: {states}")

    def master_of(self, shard_number: int) -> ClusterNode:
        """The node that holds the shard's slots now, as the nodes that live say."""
        first = shards()[shard_number - 1].first
        for node in self.nodes:
            if node.is_running() and node.serves(first):
                return node
        raise EmbeddedError(f"nobody serves shard {shard_number}")

    def replica_of(self, shard_number: int) -> ClusterNode:
        """The other node of the shard."""
        master = self.master_of(shard_number)
        at = shard_number - 1
        return next(n for n in (self.nodes[at], self.nodes[at + len(shards())]) if n is not master)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _divide_slots(self) -> None:
        for shard, master in zip(shards(), self.nodes[: len(shards())], strict=True):
            # Distinct epochs from the start: else the nodes spend seconds on settling them.
            master.command("CLUSTER", "SET-CONFIG-EPOCH", shard.number)
            master.command("CLUSTER", "ADDSLOTSRANGE", shard.first, shard.last)

    def _introduce(self) -> None:
        """Also those that know each other: each may have come back on other ports."""
        for node in self.nodes[1:]:
            node.meet(self.nodes[0])
        others = len(self.nodes) - 1
        if not wait_until(
            lambda: all(node.count_heard() == others for node in self.nodes),
            timeout_seconds=FORM_TIMEOUT_SECONDS,
        ):
            raise EmbeddedError("the cluster's nodes did not find each other")

    def _appoint_replicas(self) -> None:
        masters, replicas = self.nodes[: len(shards())], self.nodes[len(shards()) :]
        for master, replica in zip(masters, replicas, strict=True):
            replica.command("CLUSTER", "REPLICATE", master.node_id())

    def _is_settled(self) -> bool:
        views = [parse_nodes(node.state()) for node in self.nodes]
        served = [{at.address for at in view if at.serves_slots} for view in views]
        return (
            all(len(view) == len(self.nodes) for view in views)
            and all(not at.is_failing for view in views for at in view)
            and len(served[0]) == len(shards())
            and all(addresses == served[0] for addresses in served)
            and all(node.is_in_step() for node in self.nodes)
        )
