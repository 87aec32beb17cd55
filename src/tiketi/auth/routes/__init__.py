"""The calls under /auth."""

from tiketi.auth.routes import passwords, profile, sessions
from tiketi.auth.routes.table import routes

__all__ = ["passwords", "profile", "routes", "sessions"]
