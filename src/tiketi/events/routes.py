"""What buyers read of events."""

from tiketi.infra.http.routes import Routes

routes = Routes("events")
