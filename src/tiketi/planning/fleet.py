"""The services there are, told to the process by whoever boots it: the registry lies above."""

from collections.abc import Sequence

from tiketi.infra.runtime import Runtime
from tiketi.planning.domain import SizedService


class Fleet:
    """``runtime.one(Fleet)``; empty until the process was told."""

    def __init__(self, _runtime: Runtime) -> None:
        self.services: tuple[SizedService, ...] = ()


def open_fleet(runtime: Runtime, services: Sequence[SizedService]) -> None:
    runtime.one(Fleet).services = tuple(services)
