"""The limit of places that one means of payment may pay for at an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from tiketi.events.api import EventCache
from tiketi.infra.runtime import Runtime
from tiketi.payments.domain import Payment
from tiketi.payments.errors import AnswerLost, ProviderAway
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.gateway import ProviderCall

METHOD_LIMIT = "payment_method_limit"


@dataclass(frozen=True, slots=True)
class Method:
    """A means of payment, the places that it is to pay for, and how many it may at the event."""

    digest: bytes
    places: int
    limit: int


async def find_limit(runtime: Runtime, payment: Payment) -> int | None:
    """The event's limit, if it has one."""
    event = await runtime.one(EventCache).get(payment.event_id)
    return event.limits.seats_per_payment_method


async def digest_method(
    runtime: Runtime, payment: Payment, details: Mapping[str, Any]
) -> bytes | None:
    """What tells the means of payment apart at this event and nowhere else; None where the provider
    cannot tell before it takes the money. ProviderAway while it may not be asked.
    """
    gateway = runtime.one(Providers).get(payment.provider)
    try:
        fingerprint = await gateway.ask(
            ProviderCall.FETCH, lambda: gateway.provider.fingerprint(details)
        )
    except AnswerLost as error:
        raise ProviderAway from error
    if fingerprint is None:
        return None
    return blake2b(fingerprint.encode(), key=payment.event_id.bytes, digest_size=16).digest()
