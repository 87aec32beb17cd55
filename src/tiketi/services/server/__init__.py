"""One service on its port: the launcher around whichever ASGI server the settings choose."""

from tiketi.services.server.engine import ServerError
from tiketi.services.server.launch import bind, run_server, shutdown_seconds_max

__all__ = ["ServerError", "bind", "run_server", "shutdown_seconds_max"]
