"""Reading and writing one event."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from tiketi.events.domain import Event, Limits, NewEvent, RefundPolicy, Tier, TierKind, Venue
from tiketi.events.search import searchable
from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id

_COLUMNS = """
    SELECT e.*, coalesce((
        SELECT json_agg(t ORDER BY t.position) FROM events.tier AS t WHERE t.event_id = e.id
    ), '[]') AS tiers, ARRAY(
        SELECT subject_id FROM events.access_code WHERE event_id = e.id AND opens = 'tier'
    ) AS coded_tiers
    FROM events.event AS e WHERE e.id = :event_id"""
_FIND = text(_COLUMNS)
_LOCK = text(_COLUMNS + " FOR UPDATE OF e")

_INSERT = text("""
    INSERT INTO events.event (
        id, organizer_id, layout_id, title, artist, description, venue, starts_at, sale_opens_at,
        sale_closes_at, currency, poster_url, seats_per_order, seats_per_user,
        seats_per_payment_method, refund_until,
        refund_percent, queue_enabled, search_text, created_at, updated_at)
    VALUES (
        :id, :organizer_id, :layout_id, :title, :artist, :description, CAST(:venue AS jsonb),
        :starts_at, :sale_opens_at, :sale_closes_at, :currency, :poster_url, :seats_per_order,
        :seats_per_user, :seats_per_payment_method, :refund_until, :refund_percent,
        :queue_enabled, :search_text, :now, :now)
    """)
_REPLACE = text("""
    UPDATE events.event SET
        layout_id = :layout_id, title = :title, artist = :artist, description = :description,
        venue = CAST(:venue AS jsonb), starts_at = :starts_at, sale_opens_at = :sale_opens_at,
        sale_closes_at = :sale_closes_at, currency = :currency, poster_url = :poster_url,
        seats_per_order = :seats_per_order, seats_per_user = :seats_per_user,
        seats_per_payment_method = :seats_per_payment_method,
        refund_until = :refund_until, refund_percent = :refund_percent,
        queue_enabled = :queue_enabled, search_text = :search_text, updated_at = :now
    WHERE id = :id""")
_INSERT_TIER = text("""
    INSERT INTO events.tier (id, event_id, position, name, price_minor, kind, section, capacity)
    VALUES (:id, :event_id, :position, :name, :price_minor, :kind, :section, :capacity)""")
_DELETE_TIERS = text("DELETE FROM events.tier WHERE event_id = :event_id")
_DELETE = text("DELETE FROM events.event WHERE id = :event_id")
_NAMES_LAYOUT = text(
    "SELECT EXISTS (SELECT FROM events.event WHERE layout_id = :layout_id) AS named"
)
_PUBLISH = text("""
    UPDATE events.event SET published_at = :now, updated_at = :now WHERE id = :event_id""")
_CANCEL = text("""
    UPDATE events.event SET cancelled_at = :now, updated_at = :now WHERE id = :event_id""")
_SET_QUEUE_ENABLED = text("""
    UPDATE events.event SET queue_enabled = :enabled
    WHERE id = :event_id AND queue_enabled <> :enabled""")
_SET_SOLD_OUT = text("""
    UPDATE events.event SET sold_out = :sold_out
    WHERE id = :event_id AND sold_out <> :sold_out""")


async def find_event(reader: Reader, event_id: UUID) -> Event | None:
    found = await reader.rows(_FIND, {"event_id": event_id})
    return _event(dict(found[0])) if found else None


async def lock_event(tx: Tx, event_id: UUID) -> Event:
    """The event, its row locked until the transaction ends; NotFound."""
    row = (await tx.execute(_LOCK, {"event_id": event_id})).mappings().first()
    if row is None:
        raise NotFound
    return _event(dict(row))


async def insert_event(
    tx: Tx, new: NewEvent, *, event_id: UUID, organizer_id: UUID | None, now: datetime
) -> None:
    """The event without its tiers."""
    values = {**_values(new), "id": event_id, "organizer_id": organizer_id, "now": now}
    await tx.execute(_INSERT, values)


async def replace_event(tx: Tx, event_id: UUID, new: NewEvent, now: datetime) -> None:
    """Everything but the tiers and the organizer."""
    await tx.execute(_REPLACE, {**_values(new), "id": event_id, "now": now})


async def replace_tiers(tx: Tx, event_id: UUID, new: NewEvent) -> None:
    """The tiers, each with a new id."""
    await tx.execute(_DELETE_TIERS, {"event_id": event_id})
    rows = [
        {
            "id": new_id(),
            "event_id": event_id,
            "position": position,
            "name": tier.name,
            "price_minor": tier.price_minor,
            "kind": tier.kind.value,
            "section": tier.section,
            "capacity": tier.capacity,
        }
        for position, tier in enumerate(new.tiers)
    ]
    await tx.execute(_INSERT_TIER, rows)


async def delete_event(tx: Tx, event_id: UUID) -> None:
    await tx.execute(_DELETE, {"event_id": event_id})


async def names_layout(reader: Reader, layout_id: UUID) -> bool:
    """Whether any event was made from the layout."""
    named: bool = (await reader.execute(_NAMES_LAYOUT, {"layout_id": layout_id})).scalar_one()
    return named


async def mark_published(tx: Tx, event_id: UUID, now: datetime) -> None:
    await tx.execute(_PUBLISH, {"event_id": event_id, "now": now})


async def mark_cancelled(tx: Tx, event_id: UUID, now: datetime) -> None:
    await tx.execute(_CANCEL, {"event_id": event_id, "now": now})


async def set_queue_enabled(tx: Tx, event_id: UUID, *, enabled: bool) -> bool:
    """Whether that was a change."""
    result = await tx.execute(_SET_QUEUE_ENABLED, {"event_id": event_id, "enabled": enabled})
    return result.rowcount > 0


async def set_sold_out(tx: Tx, event_id: UUID, *, sold_out: bool) -> bool:
    """Whether that was a change."""
    result = await tx.execute(_SET_SOLD_OUT, {"event_id": event_id, "sold_out": sold_out})
    return result.rowcount > 0


def _values(new: NewEvent) -> dict[str, Any]:
    venue = {
        "name": new.venue.name,
        "address": new.venue.address,
        "timezone": new.venue.timezone,
    }
    return {
        "layout_id": new.layout_id,
        "title": new.title,
        "artist": new.artist,
        "description": new.description,
        "venue": orjson.dumps(venue).decode(),
        "starts_at": new.starts_at,
        "sale_opens_at": new.sale_opens_at,
        "sale_closes_at": new.closes_at,
        "currency": new.currency,
        "poster_url": new.poster_url,
        "seats_per_order": new.limits.seats_per_order,
        "seats_per_user": new.limits.seats_per_user,
        "seats_per_payment_method": new.limits.seats_per_payment_method,
        "refund_until": new.refund_policy.until,
        "refund_percent": new.refund_policy.percent,
        "queue_enabled": new.queue_enabled,
        "search_text": searchable(new.title, new.artist, new.venue.name),
    }


def _event(row: dict[str, Any]) -> Event:
    same = {name: row[name] for name in _SAME}
    return Event(
        **same,
        venue=Venue(**row["venue"]),
        limits=Limits(
            row["seats_per_order"], row["seats_per_user"], row["seats_per_payment_method"]
        ),
        refund_policy=RefundPolicy(row["refund_until"], row["refund_percent"]),
        tiers=tuple(_tier(tier) for tier in row["tiers"]),
        coded_tiers=frozenset(row["coded_tiers"]),
    )


# The columns that are the event's fields as they stand.
_SAME = (
    "id", "organizer_id", "layout_id", "title", "artist", "description", "starts_at",
    "sale_opens_at", "sale_closes_at", "currency", "poster_url", "queue_enabled", "sold_out",
    "published_at", "cancelled_at", "created_at", "updated_at",
    "expected_audience", "presale_opens_at",
)  # fmt: skip


def _tier(row: dict[str, Any]) -> Tier:
    return Tier(
        id=UUID(row["id"]),
        event_id=UUID(row["event_id"]),
        position=row["position"],
        name=row["name"],
        price_minor=row["price_minor"],
        kind=TierKind(row["kind"]),
        section=row["section"],
        capacity=row["capacity"],
    )
