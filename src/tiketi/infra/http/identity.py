"""Who calls, by which token; and from which address."""

from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from starlette.requests import Request

from tiketi.infra.runtime import Runtime
from tiketi.infra.tokens import BadToken
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.errors import Unauthenticated
from tiketi.settings import Network

ACCESS_TYPE = "at+jwt"
ACCESS_AUDIENCE = "tiketi"
RECEIPT_TYPE = "queue-receipt+jwt"
RECEIPT_AUDIENCE = "tiketi-queue"
_FORWARDED_MAX = 32


def header_of(request: Request, name: bytes) -> str | None:
    """The first header of the name, which is in lower case; Starlette's look costs three times
    this, and every call looks for a token.
    """
    for each, value in request.scope["headers"]:
        if each == name:
            text: str = value.decode("latin-1")
            return text
    return None


def bearer_of(request: Request) -> str | None:
    """The bearer token, or None where none was sent."""
    header = header_of(request, b"authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def actor_of_token(runtime: Runtime, token: str) -> tuple[Actor, dict[str, Any]]:
    """The caller of an access token; Unauthenticated unless it is good now."""
    try:
        claims = runtime.keys.verify(
            token, typ=ACCESS_TYPE, audience=ACCESS_AUDIENCE, now=runtime.clock.now()
        )
        actor = _actor(claims["sub"], claims["role"], int(claims.get("gen", 0)))
    except (BadToken, KeyError, ValueError) as error:
        raise Unauthenticated("The access token is not valid.") from error
    return actor, claims


# As many as a process remembers verified tokens of.
@lru_cache(maxsize=50_000)
def _actor(subject: str, role: str, generation: int) -> Actor:
    return Actor(UUID(subject), Role(role), generation)


def actor_of_receipt(runtime: Runtime, receipt: str) -> tuple[Actor, dict[str, Any]]:
    """Whose place a queue receipt proves; Unauthenticated for one that is not ours."""
    try:
        claims = runtime.keys.verify(
            receipt, typ=RECEIPT_TYPE, audience=RECEIPT_AUDIENCE, now=runtime.clock.now()
        )
        return _actor(claims["sub"], Role.USER, 0), claims
    except (BadToken, KeyError, ValueError) as error:
        raise Unauthenticated("The receipt is not valid.") from error


def address_of(request: Request, trusted: tuple[Network, ...]) -> str:
    """The client's address: the peer's, or the last hop that no trusted proxy added."""
    peer = request.client.host if request.client else "unknown"
    if not trusted or not _is_in(peer, trusted):
        return peer
    hops = ",".join(request.headers.getlist("x-forwarded-for")).split(",")[-_FORWARDED_MAX:]
    for hop in reversed([hop.strip() for hop in hops]):
        if not _is_address(hop):
            return peer
        if not _is_in(hop, trusted):
            return hop
        peer = hop
    return peer


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)
