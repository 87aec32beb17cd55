"""Free ports below the kernel's ephemeral range, so that no outgoing connection takes them."""

import random
import socket

import psutil

PORT_MIN = 20_000
PORT_MAX = 32_000  # Linux hands out 32768 and up by itself
TRIES_MAX = 200
LOOPBACK = "127.0.0.1"


def is_free(port: int, *, host: str = LOOPBACK) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT is no owner
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def pick_free_port() -> int:
    """A port that nobody listens on now; the caller retries if somebody is quicker."""
    for _ in range(TRIES_MAX):
        port = random.randrange(PORT_MIN, PORT_MAX)  # noqa: S311 # not a secret
        if is_free(port):
            return port
    raise OSError(f"no free port found between {PORT_MIN} and {PORT_MAX}")


def owner_of(port: int) -> str:
    """Who listens on the port, as far as this user may know."""
    try:
        for link in psutil.net_connections("tcp"):
            heard = getattr(link.laddr, "port", None)  # an empty tuple where it has no address
            if link.status == psutil.CONN_LISTEN and heard == port and link.pid:
                return f"{psutil.Process(link.pid).name()} (pid {link.pid})"
    except psutil.Error:
        pass
    return "another process"
