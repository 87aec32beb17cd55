"""The calls under /admin."""

from tiketi.admin.routes import (
    accounts,
    allotments,
    checkins,
    events,
    exports,
    invariants,
    layouts,
    planning,
    queue,
    reservations,
    stats,
)
from tiketi.admin.routes.table import routes

__all__ = [
    "accounts",
    "allotments",
    "checkins",
    "events",
    "exports",
    "invariants",
    "layouts",
    "planning",
    "queue",
    "reservations",
    "routes",
    "stats",
]
