"""Payments as buyers, providers and the sandbox's page reach them."""

from tiketi.infra.http.routes import Routes
from tiketi.payments.routes import paying, sandbox, webhooks

routes = Routes(
    "payments",
    [
        *paying.routes.endpoints,
        *webhooks.routes.endpoints,
        *sandbox.routes.endpoints,
    ],
)
