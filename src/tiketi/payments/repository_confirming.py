"""SQL of who may ask the provider to take the money, and of answers that are no last word."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.payments.domain import Payment
from tiketi.payments.repository import COLUMNS, json_text, to_payment

# Locked in sorted order before they are written, as everywhere.
_CLAIM = text(f"""
    WITH locked AS (
        SELECT id FROM payments.payment
        WHERE id = ANY(:ids) AND status = 'requires_action' ORDER BY id FOR UPDATE)
    UPDATE payments.payment AS p SET status = 'processing', confirming_until = :confirming_until,
        check_at = :confirming_until, checks = 0, updated_at = :now
    FROM locked WHERE p.id = locked.id RETURNING {COLUMNS}""")  # noqa: S608 # a constant
_UNCLAIM = text("""
    UPDATE payments.payment SET status = 'requires_action', confirming_until = NULL,
        check_at = :check_at, updated_at = :now
    WHERE id = :id AND status = 'processing' AND settled_at IS NULL
        AND confirming_until = :confirming_until""")
_PEND = text(f"""
    UPDATE payments.payment AS p SET confirming_until = NULL, check_at = :check_at,
        provider_payment_id = COALESCE(:provider_payment_id, p.provider_payment_id),
        client = COALESCE(CAST(:client AS jsonb), p.client), updated_at = :now
    WHERE p.id = :id AND p.status = 'processing' AND p.settled_at IS NULL
    RETURNING {COLUMNS}""")  # noqa: S608 # a constant


async def claim(
    reader: Reader, ids: Sequence[UUID], *, confirming_until: datetime, now: datetime
) -> dict[UUID, Payment]:
    """Take the right to ask the provider, in one conditional write: those it was to be had for,
    by id. Whoever has it and dies is looked after when it ends.
    """
    values = {"ids": list(ids), "confirming_until": confirming_until, "now": now}
    return {row["id"]: to_payment(row) for row in await reader.rows(_CLAIM, values)}


async def unclaim(tx: Tx, claimed: Payment, *, check_at: datetime, now: datetime) -> None:
    """Give the right back, unused."""
    values = {
        "id": claimed.id,
        "confirming_until": claimed.confirming_until,
        "check_at": check_at,
        "now": now,
    }
    await tx.execute(_UNCLAIM, values)


async def leave_in_doubt(
    tx: Tx,
    payment_id: UUID,
    *,
    check_at: datetime,
    now: datetime,
    provider_payment_id: str | None = None,
    client: Mapping[str, Any] | None = None,
) -> Payment | None:
    """The provider has not said its last word; None when it has by now."""
    values = {
        "id": payment_id,
        "check_at": check_at,
        "provider_payment_id": provider_payment_id,
        "client": None if client is None else json_text(client),
        "now": now,
    }
    row = (await tx.execute(_PEND, values)).mappings().first()
    return None if row is None else to_payment(row)
