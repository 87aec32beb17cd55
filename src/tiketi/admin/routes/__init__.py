"""The calls under /admin."""

from tiketi.admin.routes import events, layouts, queue
from tiketi.admin.routes.table import routes

__all__ = ["events", "layouts", "queue", "routes"]
