"""Metrics that the processes of a task have in common: each counts into files of its own, and
whichever of them is asked adds them all up.

A process that is started again goes on in its predecessor's files, so no counter ever falls.
"""

from pathlib import Path

from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

# The library reads it where it opens its files.
DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_shared: list[CollectorRegistry] = []


def share_metrics(directory: Path, slot: int) -> None:
    """Count into ``directory``, which ``DIRECTORY_VARIABLE`` has to name, as number ``slot``.

    Before the first metric is made: those that are there already stay this process's own.
    """
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]  # theirs
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(directory))  # type: ignore[no-untyped-call]  # theirs
    _shared.append(registry)


def shared_registry() -> CollectorRegistry | None:
    """What all processes counted; None where this one counts for itself."""
    return _shared[-1] if _shared else None


def forget_state(directory: Path, slot: int) -> None:
    """A process has ended: what it had open is no more, what it counted stays."""
    mark_process_dead(slot, str(directory))  # type: ignore[no-untyped-call]  # theirs
