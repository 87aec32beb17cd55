"""SQL of payments: found, listed, settled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text

from tiketi.infra.postgres import Reader, Tx
from tiketi.payments.domain import Capture, Payment, PaymentStatus

COLUMNS = """p.id, p.reservation_id, p.event_id, p.user_id, p.provider, p.provider_payment_id,
    p.status, p.amount_minor, p.currency, p.refunded_minor, p.client, p.hold_expires_at,
    p.failure_code, p.return_url, p.created_at, p.updated_at, p.confirming_until, p.settled_at,
    p.released_at"""
_SELECT = f"SELECT {COLUMNS} FROM payments.payment AS p "  # noqa: S608 # constants of this file
_RETURNING = f" RETURNING {COLUMNS}"

_FIND = text(_SELECT + "WHERE p.id = ANY(:ids)")
_LOCK = text(_SELECT + "WHERE p.id = :id FOR UPDATE")
_FIND_PAID = text(
    _SELECT
    + """WHERE p.reservation_id = :reservation_id
        AND p.status IN ('succeeded', 'partially_refunded', 'refunded')
        ORDER BY (p.status = 'refunded'), p.id DESC LIMIT 1"""
)
_OF_RESERVATIONS = text(_SELECT + "WHERE p.reservation_id = ANY(:ids) ORDER BY p.id LIMIT :most")
_LIST = text(
    _SELECT
    + """WHERE (CAST(:after AS uuid) IS NULL OR p.id > :after)
        AND (CAST(:event_ids AS uuid[]) IS NULL OR p.event_id = ANY(:event_ids))
        ORDER BY p.id LIMIT :most"""
)
# Money that was taken is what is true, whatever was written down before.
_SETTLE_CAPTURED = text(f"""
    WITH captured AS (
        SELECT t.* FROM unnest(CAST(:ids AS uuid[]), CAST(:amounts AS bigint[]),
            CAST(:currencies AS text[]), CAST(:provider_ids AS text[]))
            AS t (id, amount_minor, currency, provider_payment_id)),
    locked AS (
        SELECT p.id, captured.provider_payment_id FROM captured
        JOIN payments.payment AS p USING (id, amount_minor, currency)
        WHERE p.settled_at IS NULL OR p.status IN ('failed', 'cancelled')
        ORDER BY p.id FOR UPDATE OF p)
    UPDATE payments.payment AS p SET status = 'succeeded', failure_code = NULL, client = '{{}}',
        provider_payment_id = COALESCE(locked.provider_payment_id, p.provider_payment_id),
        settled_at = :now, updated_at = :now, check_at = NULL
    FROM locked WHERE p.id = locked.id
    {_RETURNING}""")  # noqa: S608 # as above
_SETTLE_UNPAID = text(f"""
    UPDATE payments.payment AS p SET status = :status, failure_code = :failure_code,
        client = '{{}}', settled_at = :now, updated_at = :now, check_at = NULL
    WHERE p.id = :id AND p.settled_at IS NULL {_RETURNING}""")  # noqa: S608 # as above
_OWE_BACK = text(f"""
    UPDATE payments.payment AS p
    SET status = CASE WHEN p.amount_minor = 0 THEN 'refunded' ELSE 'processing' END
    WHERE p.id = :id AND p.status = 'succeeded' {_RETURNING}""")  # noqa: S608 # as above
_GIVE_BACK = text(f"""
    UPDATE payments.payment AS p SET refunded_minor = refunded_minor + :amount_minor,
        status = CASE WHEN refunded_minor + :amount_minor = amount_minor THEN 'refunded'
            WHEN refunded_minor + :amount_minor > 0 THEN 'partially_refunded' ELSE status END,
        released_at = CASE WHEN :releases THEN COALESCE(p.released_at, :now) ELSE p.released_at END,
        confirming_until = NULL, updated_at = :now
    WHERE p.id = :id {_RETURNING}""")  # noqa: S608 # as above


async def find_payment(reader: Reader, payment_id: UUID) -> Payment | None:
    return (await find_payments(reader, [payment_id])).get(payment_id)


async def find_payments(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """Those of the ids, by id."""
    rows = await reader.rows(_FIND, {"ids": list(ids)})
    return {row["id"]: to_payment(row) for row in rows}


async def lock_payment(tx: Tx, payment_id: UUID) -> Payment | None:
    """The payment, its row locked until the transaction ends."""
    return await _first(tx, _LOCK, {"id": payment_id})


async def find_paid(reader: Reader, reservation_id: UUID) -> Payment | None:
    """The payment that the reservation was paid by, given back or not."""
    return await _first(reader, _FIND_PAID, {"reservation_id": reservation_id})


async def list_of_reservations(reader: Reader, ids: Sequence[UUID], most: int) -> list[Payment]:
    rows = await reader.execute(_OF_RESERVATIONS, {"ids": list(ids), "most": most})
    return [to_payment(row) for row in rows.mappings()]


async def list_payments(
    reader: Reader, *, event_ids: Sequence[UUID] | None, after: UUID | None, most: int
) -> list[Payment]:
    """Oldest first, those after the given id; of every event when ``event_ids`` is None."""
    wanted = None if event_ids is None else list(event_ids)
    rows = await reader.execute(_LIST, {"event_ids": wanted, "after": after, "most": most})
    return [to_payment(row) for row in rows.mappings()]


async def settle_captured(tx: Tx, captures: Sequence[Capture], now: datetime) -> list[Payment]:
    """Successes of exactly their amounts, by id; one that was counted before, or is of another
    amount or currency, is left out.
    """
    values = {
        "ids": [capture.payment_id for capture in captures],
        "amounts": [capture.amount_minor for capture in captures],
        "currencies": [capture.currency for capture in captures],
        "provider_ids": [capture.provider_payment_id for capture in captures],
        "now": now,
    }
    rows = await tx.execute(_SETTLE_CAPTURED, values)
    return sorted((to_payment(row) for row in rows.mappings()), key=lambda payment: payment.id)


async def settle_unpaid(
    tx: Tx, payment_id: UUID, status: PaymentStatus, failure_code: str | None, now: datetime
) -> Payment | None:
    """An end without money; None when more is known already."""
    values = {"id": payment_id, "status": status, "failure_code": failure_code, "now": now}
    return await _first(tx, _SETTLE_UNPAID, values)


async def owe_back(tx: Tx, payment_id: UUID) -> Payment:
    """A success that bought nothing: settled, and processing until its refund is through."""
    return await _one(tx, _OWE_BACK, {"id": payment_id})


async def give_back(
    tx: Tx, payment_id: UUID, amount_minor: int, *, releases: bool, now: datetime
) -> Payment:
    """Count a refund that went through."""
    values = {"id": payment_id, "amount_minor": amount_minor, "releases": releases, "now": now}
    return await _one(tx, _GIVE_BACK, values)


async def _first(reader: Reader, statement: TextClause, values: dict[str, Any]) -> Payment | None:
    row = (await reader.execute(statement, values)).mappings().first()
    return None if row is None else to_payment(row)


async def _one(tx: Tx, statement: TextClause, values: dict[str, Any]) -> Payment:
    return to_payment((await tx.execute(statement, values)).mappings().one())


def to_payment(row: Any) -> Payment:
    return Payment(**{**row, "status": PaymentStatus(row["status"])})


def json_text(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value)).decode()
