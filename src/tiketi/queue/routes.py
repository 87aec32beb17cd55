"""The waiting room over HTTP."""

from tiketi.infra.http.routes import Routes

routes = Routes("queue")
