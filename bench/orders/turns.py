"""One seller at a time: the processes of the others are stopped, so they cost nothing."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from psutil import Process


@contextmanager
def asleep(processes: Iterable[Process]) -> Iterator[None]:
    """Stop them and their children for the block."""
    stopped = list(processes)
    for process in stopped:
        suspend(process)
    try:
        yield
    finally:
        for process in stopped:
            resume(process)


@contextmanager
def awake(process: Process) -> Iterator[None]:
    """Let a stopped process and its children go on for the block."""
    resume(process)
    try:
        yield
    finally:
        suspend(process)


def suspend(process: Process) -> None:
    for each in (process, *process.children(recursive=True)):
        each.suspend()


def resume(process: Process) -> None:
    for each in (*process.children(recursive=True), process):
        each.resume()
