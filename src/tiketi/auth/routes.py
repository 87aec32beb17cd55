"""The calls under /auth."""

from tiketi.infra.http.routes import Routes

routes = Routes("auth")
