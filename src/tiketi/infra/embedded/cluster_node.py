"""One node of an embedded cluster, and what it says of the others."""

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tiketi.infra.embedded.ports import LOOPBACK, pick_free_port
from tiketi.infra.embedded.valkey import EmbeddedValkey

ANSWER_TIMEOUT_SECONDS = 2.0
FAILING = ("fail?", "fail", "handshake", "noaddr")


@dataclass(frozen=True, slots=True)
class NodeView:
    """One line of CLUSTER NODES."""

    node_id: str
    address: str
    is_myself: bool
    is_failing: bool
    slots: tuple[tuple[int, int], ...]

    @property
    def serves_slots(self) -> bool:
        return bool(self.slots)


def parse_nodes(said: str) -> list[NodeView]:
    """CLUSTER NODES: id, address, flags, master, ping, pong, epoch, link, then slot ranges."""
    views = []
    for line in said.splitlines():
        node_id, address, flags, *rest = line.split()
        ranges = [part.split("-") for part in rest[5:] if not part.startswith("[")]
        views.append(
            NodeView(
                node_id,
                address.split("@", maxsplit=1)[0],
                "myself" in flags.split(","),
                any(flag in FAILING for flag in flags.split(",")),
                tuple((int(ends[0]), int(ends[-1])) for ends in ranges),
            )
        )
    return views


class ClusterNode(EmbeddedValkey):
    """A Valkey in cluster mode. One shard's trouble stays its own: the others serve on."""

    def __init__(
        self, data_dir: Path, *, node_timeout_ms: int, settings: Mapping[str, str] | None
    ) -> None:
        chosen = {
            "cluster-enabled": "yes",
            "cluster-node-timeout": str(node_timeout_ms),
            "cluster-require-full-coverage": "no",
            # However long a replica was cut off, it is better than nobody: receipts restore more.
            "cluster-replica-validity-factor": "0",
            "cluster-allow-replica-migration": "no",
            "repl-diskless-sync-delay": "0",
            **(settings or {}),
        }
        super().__init__(data_dir, settings=chosen)

    def command(self, *words: str | float) -> Any:
        """The node's own reply. Raises RedisError, also when nobody answers in time."""
        with Redis(
            host=LOOPBACK,
            port=self.port,
            password=self.password,
            socket_timeout=ANSWER_TIMEOUT_SECONDS,
            decode_responses=True,
        ) as client:
            # As they are on the wire: redis-py would parse these replies.
            client.response_callbacks.clear()
            return client.execute_command(*words)

    def state(self) -> str:
        """What it says of the cluster; nothing when it does not answer."""
        try:
            return str(self.command("CLUSTER NODES"))
        except RedisError:
            return ""

    def node_id(self) -> str:
        return str(self.command("CLUSTER MYID"))

    def knows_others(self) -> bool:
        return any(not view.is_myself for view in parse_nodes(self.state()))

    def count_heard(self) -> int:
        """How many others it has met and hears."""
        views = parse_nodes(self.state())
        return sum(not view.is_myself and not view.is_failing for view in views)

    def meet(self, other: "ClusterNode") -> None:
        self.command("CLUSTER MEET", LOOPBACK, other.port, other.bus_port)

    def serves(self, slot: int) -> bool:
        """Whether it takes itself for the slot's master."""
        mine = [view for view in parse_nodes(self.state()) if view.is_myself]
        return any(first <= slot <= last for view in mine for first, last in view.slots)

    def hang(self) -> None:
        """Neither dead nor answering, until ``resume``."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def is_in_step(self) -> bool:
        """A master with a replica that follows, or a replica that follows its master."""
        try:
            role, *rest = self.command("ROLE")
        except RedisError:
            return False
        return bool(rest[1]) if role == "master" else rest[2] == "connected"

    def _signal(self, number: signal.Signals) -> None:
        if (pid := self.pid) is not None:
            os.kill(pid, number)

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        # By default it is the port plus 10,000: among those that the kernel hands out by itself.
        self.bus_port = pick_free_port()
        self._settings["cluster-port"] = str(self.bus_port)
        return super()._spawn(port)
