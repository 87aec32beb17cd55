"""Payments as buyers and their providers reach them."""

from tiketi.infra.http.routes import Routes

routes = Routes("payments")
