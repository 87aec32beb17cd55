"""SQL of refunds."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, TextClause, text

from tiketi.infra.postgres import Reader, Tx
from tiketi.payments.domain import Refund, RefundStatus

_COLUMNS = """f.id, f.payment_id, f.amount_minor, f.reason, f.status, f.requested_by, f.releases,
    f.created_at, f.settled_at"""
_SELECT = f"SELECT {_COLUMNS} FROM payments.refund AS f "  # noqa: S608 # constants of this file
_INSERT = text("""
    INSERT INTO payments.refund (id, payment_id, amount_minor, reason, status, requested_by,
        request_key, releases, created_at, check_at)
    VALUES (:id, :payment_id, :amount_minor, :reason, 'pending', :requested_by, :request_key,
        :releases, :now, :check_at)""")
_BY_KEY = text(_SELECT + "WHERE f.payment_id = :payment_id AND f.request_key = :request_key")
_GET = text(_SELECT + "WHERE f.id = :id")
_OF_PAYMENTS = text(_SELECT + "WHERE f.payment_id = ANY(:ids) ORDER BY f.id LIMIT :most")
_PENDING_OF = text(_SELECT + "WHERE f.payment_id = :payment_id AND f.status = 'pending'")
_RESERVED = text("""
    SELECT COALESCE(sum(amount_minor), 0)::bigint FROM payments.refund
    WHERE payment_id = :payment_id AND status = 'pending'""")
_SETTLE = text(f"""
    UPDATE payments.refund AS f SET status = :status, provider_refund_id = :provider_refund_id,
        settled_at = :now, check_at = NULL
    WHERE f.id = :id AND f.status = 'pending' RETURNING {_COLUMNS}""")  # noqa: S608 # as above
_LEASE_DUE = text(f"""
    WITH due AS (
        SELECT id FROM payments.refund WHERE check_at <= :now AND status = 'pending'
        ORDER BY check_at LIMIT :most FOR UPDATE SKIP LOCKED)
    UPDATE payments.refund AS f SET checks = f.checks + 1, check_at = CAST(:now AS timestamptz)
        + make_interval(secs => LEAST(:backoff_max, :after * power(2, LEAST(f.checks, 30))))
    FROM due WHERE f.id = due.id RETURNING {_COLUMNS}""")  # noqa: S608 # as above
_HASTEN = text("""
    UPDATE payments.refund SET check_at = :now
    WHERE payment_id = :payment_id AND status = 'pending'""")


async def insert_refund(tx: Tx, refund: Refund, *, request_key: str, check_at: datetime) -> None:
    await tx.execute(
        _INSERT,
        {
            "id": refund.id,
            "payment_id": refund.payment_id,
            "amount_minor": refund.amount_minor,
            "reason": refund.reason,
            "requested_by": refund.requested_by,
            "request_key": request_key,
            "releases": refund.releases,
            "now": refund.created_at,
            "check_at": check_at,
        },
    )


async def find_by_key(reader: Reader, payment_id: UUID, request_key: str) -> Refund | None:
    """The refund that the same request made before."""
    return await _first(reader, _BY_KEY, {"payment_id": payment_id, "request_key": request_key})


async def get_refund(reader: Reader, refund_id: UUID) -> Refund:
    """The refund of an id that a row gave."""
    return _refund((await reader.execute(_GET, {"id": refund_id})).mappings().one())


async def list_refunds(reader: Reader, payment_ids: Sequence[UUID], most: int) -> list[Refund]:
    """Oldest first."""
    rows = await reader.execute(_OF_PAYMENTS, {"ids": list(payment_ids), "most": most})
    return [_refund(row) for row in rows.mappings()]


async def list_pending(reader: Reader, payment_id: UUID) -> list[Refund]:
    rows = await reader.execute(_PENDING_OF, {"payment_id": payment_id})
    return [_refund(row) for row in rows.mappings()]


async def sum_pending_minor(tx: Tx, payment_id: UUID) -> int:
    """What refunds that are under way have reserved of a locked payment."""
    total: int = (await tx.execute(_RESERVED, {"payment_id": payment_id})).scalar_one()
    return total


async def settle_refund(
    tx: Tx, refund_id: UUID, status: RefundStatus, provider_refund_id: str | None, now: datetime
) -> Refund | None:
    """Write the provider's word; None when it was written before."""
    values = {
        "id": refund_id,
        "status": status,
        "provider_refund_id": provider_refund_id,
        "now": now,
    }
    return await _first(tx, _SETTLE, values)


async def lease_due_refunds(
    tx: Tx, *, now: datetime, after_seconds: float, backoff_max_seconds: float, most: int
) -> list[Refund]:
    """Refunds to ask for now. The next try is put off, so that nobody else takes them."""
    values = {
        "now": now,
        "after": after_seconds,
        "backoff_max": backoff_max_seconds,
        "most": most,
    }
    return [_refund(row) for row in (await tx.execute(_LEASE_DUE, values)).mappings()]


async def hasten_refunds(tx: Tx, payment_id: UUID, now: datetime) -> None:
    """The provider has news of them: ask at once."""
    await tx.execute(_HASTEN, {"payment_id": payment_id, "now": now})


async def _first(reader: Reader, statement: TextClause, values: dict[str, Any]) -> Refund | None:
    row = (await reader.execute(statement, values)).mappings().first()
    return None if row is None else _refund(row)


def _refund(row: RowMapping) -> Refund:
    return Refund(**{**row, "status": RefundStatus(row["status"])})
