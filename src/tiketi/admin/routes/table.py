"""The one list that every file of calls adds to."""

from tiketi.infra.http.routes import Routes

routes = Routes("admin")
