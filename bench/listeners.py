"""How evenly connections spread over processes: an inherited listener beside SO_REUSEPORT.

Eight processes, connections in a burst, steadily, and few: `python -m bench.listeners`.
"""

import asyncio
import multiprocessing
import socket
from collections import Counter
from multiprocessing.synchronize import Semaphore
from typing import Any

import uvloop

PROCESSES = 8
ROUNDS = 3
LOOPBACK = "127.0.0.1"
# Connections, and the seconds between two of them; None: all at once.
CROWDS: dict[str, tuple[int, float | None]] = {
    "burst": (1000, None),
    "steady": (200, 0.002),
    "few": (16, 0.01),
}


def bound(port: int, *, shared: bool) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((LOOPBACK, port))
    return listener


def serve(number: int, port: int, inherited: socket.socket | None, ready: Semaphore) -> None:
    """Says its number to whoever connects."""

    class Speaker(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            transport.write(bytes([number]))

    async def run() -> None:
        listener = inherited or bound(port, shared=True)
        await asyncio.get_running_loop().create_server(Speaker, sock=listener, backlog=2048)
        ready.release()
        await asyncio.Event().wait()

    uvloop.run(run())


async def connect(port: int, count: int, gap_seconds: float | None) -> Counter[int]:
    """How many connections each process got; all stay open until the last."""

    async def one() -> tuple[int, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        return (await reader.readexactly(1))[0], writer

    opened = []
    if gap_seconds is None:
        opened = await asyncio.gather(*(one() for _ in range(count)))
    else:
        for _ in range(count):
            opened.append(await one())
            await asyncio.sleep(gap_seconds)
    for _, writer in opened:
        writer.close()
    return Counter(number for number, _ in opened)


def measure(way: str) -> None:
    fork = multiprocessing.get_context("fork")
    kept = bound(0, shared=way == "SO_REUSEPORT")
    port = kept.getsockname()[1]
    inherited = None
    if way == "inherited":
        kept.listen(2048)
        inherited = kept
    ready = fork.Semaphore(0)
    processes = [
        fork.Process(target=serve, args=(number, port, inherited, ready), daemon=True)
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        ready.acquire()
    for crowd, (count, gap_seconds) in CROWDS.items():
        for _ in range(ROUNDS):
            found = asyncio.run(connect(port, count, gap_seconds))
            most = max(found.values()) * PROCESSES / count
            idle = PROCESSES - len(found)
            print(f"{way:13} {crowd:7} most/mean {most:.2f}  processes without any: {idle}")
    for process in processes:
        process.kill()
    kept.close()


if __name__ == "__main__":
    for each in ("SO_REUSEPORT", "inherited"):
        measure(each)
