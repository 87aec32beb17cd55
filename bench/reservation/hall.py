"""Seats without a map: rows enough that no buyer of a round meets another."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.runtime import Runtime
from tiketi.kernel.ids import new_id
from tiketi.reservations.claims_repository import Claim
from tiketi.reservations.domain import Item, Reservation, ReservationStatus, new_number

SEATS_A_BUYER = 4
TIER_ID = UUID(int=1)

_INSERT = text("""
    INSERT INTO seats.seat (event_id, seat_index, tier_id)
    SELECT :event_id, n, :tier_id FROM generate_series(0, :last) AS n""")


async def open_hall(runtime: Runtime, seats: int) -> UUID:
    """The event whose seats they are."""
    event_id = new_id()
    async with runtime.database.transaction() as tx:
        await tx.execute(text("SET LOCAL statement_timeout = 0"))
        await tx.execute(
            text("""
                TRUNCATE seats.seat, reservations.reservation, reservations.item,
                    reservations.quota, infra.idempotency_key""")
        )
        values = {"event_id": event_id, "tier_id": TIER_ID, "last": seats - 1}
        await tx.execute(_INSERT, values)
    async with runtime.database.latest() as writer:
        await writer.execute(text("VACUUM ANALYZE seats.seat"))
        await writer.execute(text("CHECKPOINT"))
    return event_id


def claim_of(runtime: Runtime, event_id: UUID, buyer: int) -> Claim:
    """The claim of the n-th buyer, on four seats of their own."""
    now = runtime.clock.now()
    first = buyer * SEATS_A_BUYER
    reservation = Reservation(
        id=new_id(),
        number=new_number(),
        event_id=event_id,
        user_id=new_id(),
        status=ReservationStatus.PENDING,
        amount_minor=200_000,
        currency="KRW",
        items=tuple(
            Item(TIER_ID, 50_000, 1, index, f"A-1-{index}", "A")
            for index in range(first, first + SEATS_A_BUYER)
        ),
        expires_at=now + timedelta(seconds=300),
        extended=False,
        created_at=now,
        confirmed_at=None,
    )
    return Claim(reservation, SEATS_A_BUYER, None, b"")
