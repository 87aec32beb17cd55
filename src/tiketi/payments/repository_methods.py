"""How many places each means of payment pays for at an event."""

from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Tx
from tiketi.payments.domain import Payment

# Of all that is paid with it at the event one is counted after the other.
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_COUNT = text("""
    SELECT coalesce(sum(method_places), 0) FROM payments.payment
    WHERE event_id = :event_id AND method_digest = :digest AND id <> :id
        AND status IN ('processing', 'succeeded', 'partially_refunded')""")
_NOTE = text("""
    UPDATE payments.payment SET method_digest = :digest, method_places = :places
    WHERE id = :id""")


async def count_places(tx: Tx, payment: Payment, digest: bytes) -> int:
    """Paid for, or being paid for, with the same means; nobody else counts until ``tx`` ends."""
    await tx.execute(_LOCK, {"key": int.from_bytes(digest[:8], signed=True)})
    found = await tx.execute(
        _COUNT, {"event_id": payment.event_id, "digest": digest, "id": payment.id}
    )
    return int(found.scalar_one())


async def note_method(tx: Tx, payment_id: UUID, digest: bytes, places: int) -> None:
    await tx.execute(_NOTE, {"id": payment_id, "digest": digest, "places": places})
