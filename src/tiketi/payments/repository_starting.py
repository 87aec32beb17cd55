"""SQL of payments that begin."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.payments.domain import Payment
from tiketi.payments.repository import COLUMNS, json_text, to_payment

_FIND_LIVE = text(f"""
    SELECT {COLUMNS} FROM payments.payment AS p
    WHERE p.reservation_id = ANY(:reservation_ids)
        AND p.status IN ('requires_action', 'processing')
        AND p.settled_at IS NULL""")  # noqa: S608 # a constant
_INSERT = text("""
    INSERT INTO payments.payment (id, reservation_id, event_id, user_id, provider,
        provider_payment_id, status, amount_minor, currency, client, return_url, hold_expires_at,
        check_at, created_at, updated_at)
    SELECT t.id, t.reservation_id, t.event_id, t.user_id, t.provider, t.provider_payment_id,
        t.status, t.amount_minor, t.currency, CAST(t.client AS jsonb), t.return_url,
        t.hold_expires_at, t.check_at, :now, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:reservation_ids AS uuid[]),
        CAST(:event_ids AS uuid[]), CAST(:user_ids AS uuid[]), CAST(:providers AS text[]),
        CAST(:provider_payment_ids AS text[]), CAST(:statuses AS text[]),
        CAST(:amounts AS bigint[]), CAST(:currencies AS text[]), CAST(:clients AS text[]),
        CAST(:return_urls AS text[]), CAST(:hold_ends AS timestamptz[]),
        CAST(:checks AS timestamptz[]))
        AS t (id, reservation_id, event_id, user_id, provider, provider_payment_id, status,
            amount_minor, currency, client, return_url, hold_expires_at, check_at)""")
_KNOW = text(f"""
    UPDATE payments.payment AS p SET provider_payment_id = :provider_payment_id,
        client = CAST(:client AS jsonb), updated_at = :now
    WHERE p.id = :id RETURNING {COLUMNS}""")  # noqa: S608 # a constant


async def find_live(reader: Reader, reservation_ids: Collection[UUID]) -> dict[UUID, Payment]:
    """The one payment of each reservation that may still succeed, by reservation."""
    rows = await reader.rows(_FIND_LIVE, {"reservation_ids": list(reservation_ids)})
    return {row["reservation_id"]: to_payment(row) for row in rows}


async def insert_payments(
    tx: Tx, made: Sequence[Payment], check_at: Sequence[datetime], now: datetime
) -> None:
    """Each is looked after at its ``check_at``."""
    await tx.rows(
        _INSERT,
        {
            "ids": [each.id for each in made],
            "reservation_ids": [each.reservation_id for each in made],
            "event_ids": [each.event_id for each in made],
            "user_ids": [each.user_id for each in made],
            "providers": [each.provider for each in made],
            "provider_payment_ids": [each.provider_payment_id for each in made],
            "statuses": [each.status for each in made],
            "amounts": [each.amount_minor for each in made],
            "currencies": [each.currency for each in made],
            "clients": [json_text(each.client) for each in made],
            "return_urls": [each.return_url for each in made],
            "hold_ends": [each.hold_expires_at for each in made],
            "checks": list(check_at),
            "now": now,
        },
    )


async def know_charge(
    tx: Tx, payment_id: UUID, provider_payment_id: str, client: Mapping[str, Any], now: datetime
) -> Payment:
    """Write down what the provider calls the charge, and what the buyer's page needs."""
    values = {
        "id": payment_id,
        "provider_payment_id": provider_payment_id,
        "client": json_text(client),
        "now": now,
    }
    return to_payment((await tx.execute(_KNOW, values)).mappings().one())
