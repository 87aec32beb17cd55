"""The admin service's calls."""

from tiketi.infra.http.routes import Routes

routes = Routes("admin")
