"""Claims as several processes hand them in."""

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tiketi.infra.idempotency_store import Key
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.ids import new_id
from tiketi.reservations.claiming import Claims
from tiketi.reservations.claims_repository import Claim
from tiketi.reservations.domain import Item, Reservation, ReservationStatus, new_number


@pytest.fixture
def claim_of(runtime):
    """A claim on seats of section A by their index, and on general places by tier."""

    def make(event, seats=(), general=None, *, user_id=None, most=1_000, key=None, opened=()):
        now = runtime.clock.now()
        tier = event.tiers[0]
        items = [Item(tier.id, 1, 1, index, f"A-1-{index + 1}", "A") for index in seats]
        items += [Item(tier_id, 1, quantity) for tier_id, quantity in (general or {}).items()]
        reservation = Reservation(
            id=new_id(),
            number=new_number(),
            event_id=event.id,
            user_id=user_id or new_id(),
            status=ReservationStatus.PENDING,
            amount_minor=sum(item.quantity for item in items),
            currency="KRW",
            items=tuple(items),
            expires_at=now + timedelta(seconds=300),
            extended=False,
            created_at=now,
            confirmed_at=None,
        )
        return Claim(reservation, most, key, b'{"first": "answer"}', opened)

    return make


@pytest.fixture
def key_of():
    def make(user_id, key="k1", fingerprint=b"f"):
        return Key(user_id, "POST", "/api/v1/reservations", key, fingerprint)

    return make


@pytest.fixture
def several(runtime, settings):
    """So many processes' claims, each over connections of its own."""

    @asynccontextmanager
    async def open_claims(count, **changed):
        runtimes = [
            open_runtime(settings.model_copy(update=changed), service="test") for _ in range(count)
        ]
        try:
            yield [Claims(each) for each in runtimes]
        finally:
            for each in runtimes:
                await each.close()

    return open_claims
