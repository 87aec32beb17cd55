"""What buyers read of seats, under the events' prefix."""

from tiketi.infra.http.routes import Routes

routes = Routes("events")
