"""The sandbox's books: every charge, refund and webhook, in a schema of its own."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text

from tiketi.infra.postgres import Reader, Tx
from tiketi.payments.providers.protocol import Charge, WebhookKind

_COLUMNS = """id, payment_id, amount_minor, currency, status, failure_code, refunded_minor,
    settles_at, return_url"""
# The update changes nothing: it locks and returns the charge when it is there already.
_OPEN = text(f"""
    INSERT INTO sandbox.charge
        (id, payment_id, amount_minor, currency, status, return_url, created_at)
    VALUES (:id, :payment_id, :amount_minor, :currency, 'created', :return_url, :now)
    ON CONFLICT (payment_id) DO UPDATE SET payment_id = excluded.payment_id
    RETURNING {_COLUMNS}""")  # noqa: S608 # a constant of this file
_FIND = text(f"SELECT {_COLUMNS} FROM sandbox.charge WHERE id = :id")  # noqa: S608 # as above
_LOCK = text(f"SELECT {_COLUMNS} FROM sandbox.charge WHERE id = :id FOR UPDATE")  # noqa: S608 # as above
_SETTLE_DUE = text("""
    WITH due AS (
        SELECT id FROM sandbox.charge WHERE settles_at <= :now
        ORDER BY settles_at LIMIT :most FOR UPDATE SKIP LOCKED),
    captured AS (
        UPDATE sandbox.charge AS c
        SET status = 'captured', failure_code = NULL, settles_at = NULL
        FROM due WHERE c.id = due.id RETURNING c.id, c.amount_minor)
    INSERT INTO sandbox.webhook (id, charge_id, type, amount_minor, is_echo, created_at, due_at)
    SELECT 'msg_' || replace(CAST(gen_random_uuid() AS text), '-', ''), id, :kind, amount_minor,
        false, :now, :now FROM captured""")
_WRITE = text("""
    UPDATE sandbox.charge
    SET status = :status, failure_code = :failure_code, settles_at = :settles_at
    WHERE id = :id""")
_REFUND = text("""
    INSERT INTO sandbox.refund (id, charge_id, amount_minor) VALUES (:id, :charge_id, :amount_minor)
    ON CONFLICT (id) DO NOTHING""")
_FIND_REFUND = text("SELECT 1 FROM sandbox.refund WHERE id = :id AND charge_id = :charge_id")
_GIVE_BACK = text("""
    UPDATE sandbox.charge SET refunded_minor = refunded_minor + :amount_minor WHERE id = :id""")
_TELL = text("""
    INSERT INTO sandbox.webhook
        (id, charge_id, type, amount_minor, is_echo, created_at, due_at)
    VALUES (:id, :charge_id, :type, :amount_minor, :is_echo, :now, :now)""")


class BookStatus(StrEnum):
    CREATED = "created"
    REDIRECT = "redirect"
    PROCESSING = "processing"
    CAPTURED = "captured"
    DECLINED = "declined"
    CANCELLED = "cancelled"


# Nothing was taken yet.
OPEN_STATUSES = (BookStatus.CREATED, BookStatus.REDIRECT, BookStatus.PROCESSING)


@dataclass(frozen=True, slots=True)
class Entry:
    """A charge as the sandbox has it in its books."""

    id: str
    payment_id: UUID
    amount_minor: int
    currency: str
    status: BookStatus
    failure_code: str | None
    refunded_minor: int
    settles_at: datetime | None
    return_url: str | None


def new_charge_id() -> str:
    """An id that nobody can guess: it opens the charge's page."""
    return f"sbx_{secrets.token_urlsafe(16)}"


async def open_entry(tx: Tx, charge: Charge, now: datetime) -> Entry:
    """The entry of the charge, made if there was none, its row locked."""
    return _entry((await tx.execute(_OPEN, _opened(charge, now))).mappings().one())


async def find_entry(reader: Reader, entry_id: str) -> Entry | None:
    row = (await reader.execute(_FIND, {"id": entry_id})).mappings().first()
    return _entry(row) if row else None


async def lock_entry(tx: Tx, entry_id: str) -> Entry | None:
    row = (await tx.execute(_LOCK, {"id": entry_id})).mappings().first()
    return _entry(row) if row else None


async def settle_due(reader: Reader, now: datetime, most: int) -> int:
    """Capture the charges whose processing is over and owe the news, in one write; how many."""
    values = {"now": now, "most": most, "kind": WebhookKind.SUCCEEDED}
    return (await reader.execute(_SETTLE_DUE, values)).rowcount


async def write_entry(
    tx: Tx,
    entry: Entry,
    status: BookStatus,
    *,
    failure_code: str | None = None,
    settles_at: datetime | None = None,
) -> None:
    await tx.execute(
        _WRITE,
        {
            "id": entry.id,
            "status": status,
            "failure_code": failure_code,
            "settles_at": settles_at,
        },
    )


async def book_refund(tx: Tx, entry: Entry, refund_id: UUID, amount_minor: int) -> bool:
    """Give back once for each refund id; False when more was asked than is left.

    What was never taken is only crossed out.
    """
    known = await tx.execute(_FIND_REFUND, {"id": refund_id, "charge_id": entry.id})
    if known.first() is not None:
        return True
    if entry.refunded_minor + amount_minor > entry.amount_minor:
        return False
    booked = {"id": refund_id, "charge_id": entry.id, "amount_minor": amount_minor}
    await tx.execute(_REFUND, booked)
    await tx.execute(_GIVE_BACK, {"id": entry.id, "amount_minor": amount_minor})
    if entry.status in OPEN_STATUSES:
        await write_entry(tx, entry, BookStatus.CANCELLED)
    return True


async def tell(
    tx: Tx,
    entry: Entry,
    kind: WebhookKind,
    *,
    now: datetime,
    amount_minor: int | None = None,
    is_echo: bool,
) -> None:
    """Owe the shop a webhook. An echo repeats what it was just answered, and may wait."""
    await tx.execute(
        _TELL,
        {
            "id": new_webhook_id(),
            "charge_id": entry.id,
            "type": kind,
            "amount_minor": entry.amount_minor if amount_minor is None else amount_minor,
            "is_echo": is_echo,
            "now": now,
        },
    )


def _opened(charge: Charge, now: datetime) -> dict[str, Any]:
    return {
        "id": charge.provider_payment_id or new_charge_id(),
        "payment_id": charge.payment_id,
        "amount_minor": charge.amount_minor,
        "currency": charge.currency,
        "return_url": charge.return_url,
        "now": now,
    }


def new_webhook_id() -> str:
    return f"msg_{secrets.token_urlsafe(16)}"


def _entry(row: RowMapping) -> Entry:
    return Entry(**{**row, "status": BookStatus(row["status"])})
