"""What the exports hold, row by row. Reports read across the modules' schemas."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import TextClause, text

_SCOPE = """(CAST(:event_id AS uuid) IS NULL OR r.event_id = :event_id)
        AND (CAST(:organizer_id AS uuid) IS NULL OR e.organizer_id = :organizer_id)
    ORDER BY r.id"""

_RESERVATIONS = text(f"""
    SELECT r.number, r.id, e.title, r.event_id, r.status, a.name, a.email, a.phone,
        i.places, i.seats, r.amount_minor, r.currency, r.created_at, r.confirmed_at, r.ended_at
    FROM reservations.reservation AS r
    JOIN events.event AS e ON e.id = r.event_id
    LEFT JOIN auth.account AS a ON a.id = r.user_id
    LEFT JOIN LATERAL (
        SELECT sum(quantity)::bigint AS places, string_agg(seat_id, ' ' ORDER BY position) AS seats
        FROM reservations.item WHERE reservation_id = r.id) AS i ON true
    WHERE {_SCOPE}""")  # noqa: S608 # a constant of this file
_PAYMENTS = text(f"""
    SELECT r.id, b.number, e.title, r.event_id, r.status, r.amount_minor, r.refunded_minor,
        r.currency, r.provider, r.provider_payment_id, r.failure_code, a.name, a.email,
        r.created_at, r.settled_at
    FROM payments.payment AS r
    JOIN events.event AS e ON e.id = r.event_id
    LEFT JOIN reservations.reservation AS b ON b.id = r.reservation_id
    LEFT JOIN auth.account AS a ON a.id = r.user_id
    WHERE {_SCOPE}""")  # noqa: S608 # a constant of this file
_ATTENDEES = text(f"""
    SELECT t.code, t.status, e.title, r.event_id, e.starts_at, tier.name AS tier, t.seat_id,
        a.name, a.email, a.phone, r.number, t.checked_in_at, t.gate
    FROM reservations.reservation AS r
    JOIN events.event AS e ON e.id = r.event_id
    JOIN tickets.ticket AS t ON t.reservation_id = r.id AND t.status <> 'void'
    LEFT JOIN events.tier AS tier ON tier.id = t.tier_id
    LEFT JOIN auth.account AS a ON a.id = r.user_id
    WHERE {_SCOPE}, t.position, t.place""")  # noqa: S608 # a constant of this file


@dataclass(frozen=True, slots=True)
class Export:
    """``columns`` head the columns of the query, in its order; amounts are in minor units."""

    name: str
    columns: tuple[str, ...]
    query: TextClause


@dataclass(frozen=True, slots=True)
class ExportScope:
    """One event, or all of one organizer's, or all."""

    event_id: UUID | None
    organizer_id: UUID | None


RESERVATIONS = Export(
    "reservations",
    (
        "number", "reservation_id", "event", "event_id", "status", "name", "email", "phone",
        "places", "seats", "amount", "currency", "created_at", "confirmed_at", "ended_at",
    ),
    _RESERVATIONS,
)  # fmt: skip
PAYMENTS = Export(
    "payments",
    (
        "payment_id", "reservation_number", "event", "event_id", "status", "amount",
        "refunded_amount", "currency", "provider", "provider_payment_id", "failure_code", "name",
        "email", "created_at", "settled_at",
    ),
    _PAYMENTS,
)  # fmt: skip
ATTENDEES = Export(
    "attendees",
    (
        "ticket_code", "status", "event", "event_id", "starts_at", "tier", "seat", "name", "email",
        "phone", "reservation_number", "checked_in_at", "gate",
    ),
    _ATTENDEES,
)  # fmt: skip
