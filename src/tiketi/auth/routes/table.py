"""The one list that every file of calls adds to."""

from typing import Any

from tiketi.auth.domain import email_key
from tiketi.auth.store import Attempt
from tiketi.infra.http.call import Call
from tiketi.infra.http.identity import address_of
from tiketi.infra.http.routes import Routes

routes = Routes("auth")


def attempt(call: Call[Any, Any], email: str) -> Attempt:
    """The caller's attempt to prove the password of an account."""
    address = address_of(call.request, call.runtime.settings.trusted_proxies)
    return Attempt(call.runtime, email_key(email), address)
