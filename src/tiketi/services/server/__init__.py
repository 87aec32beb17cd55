"""One service on its port: the launcher around whichever ASGI server the settings choose."""

from tiketi.services.server.engine import ServerError
from tiketi.services.server.launch import run_server

__all__ = ["ServerError", "run_server"]
