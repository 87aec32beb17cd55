"""Seat maps in PostgreSQL: a small outline for who sells, the rendered document for who looks."""

import struct
from array import array
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.seats.domain import MapDocument, SeatMap, SeatRow, SeatSection
from tiketi.seats.focus import count_distances

_FIND = text("""
    SELECT map_version, outline, accessible, companion, distances, aisles FROM seats.seat_map
    WHERE event_id = :event_id""")
_FIND_DOCUMENT = text("""
    SELECT map_version, document FROM seats.seat_map WHERE event_id = :event_id""")
_INSERT = text("""
    INSERT INTO seats.seat_map (
        event_id, map_version, outline, accessible, companion, distances, aisles, document,
        seat_count)
    VALUES (
        :event_id, :map_version, CAST(:outline AS jsonb), :accessible, :companion, :distances,
        :aisles, :document, :seat_count)""")
_INSERT_SEATS = text("""
    INSERT INTO seats.seat (event_id, seat_index, tier_id)
    SELECT :event_id, index, tier_id
    FROM unnest(CAST(:firsts AS int[]), CAST(:sizes AS int[]), CAST(:tier_ids AS uuid[]))
        AS section (first, size, tier_id)
    CROSS JOIN LATERAL generate_series(first, first + size - 1) AS index""")
_INSERT_BUCKETS = text("""
    INSERT INTO seats.general_bucket (tier_id, bucket, event_id, capacity, remaining)
    SELECT :tier_id, bucket, :event_id, capacity, capacity
    FROM unnest(CAST(:capacities AS int[])) WITH ORDINALITY AS part (capacity, bucket)""")
_DELETE = (
    text("DELETE FROM seats.seat WHERE event_id = :event_id"),
    text("DELETE FROM seats.general_bucket WHERE event_id = :event_id"),
    text("DELETE FROM seats.seat_map WHERE event_id = :event_id"),
)


async def find_map(reader: Reader, event_id: UUID) -> SeatMap | None:
    row = (await reader.execute(_FIND, {"event_id": event_id})).first()
    if row is None:
        return None
    sections = _sections(row.outline)
    drawn_before = row.distances is None
    return SeatMap(
        event_id,
        row.map_version,
        sections,
        accessible=frozenset(row.accessible),
        companion=frozenset(row.companion),
        distances=count_distances(sections) if drawn_before else _unpack(row.distances),
        aisles=frozenset(row.aisles or ()),
    )


async def find_document(reader: Reader, event_id: UUID) -> MapDocument | None:
    row = (await reader.execute(_FIND_DOCUMENT, {"event_id": event_id})).first()
    return None if row is None else MapDocument(row.map_version, row.document)


async def insert_map(tx: Tx, seat_map: SeatMap, document: MapDocument) -> None:
    """The map and a row for each of its seats, all available."""
    event_id, sections = seat_map.event_id, seat_map.sections
    await tx.execute(
        _INSERT,
        {
            "event_id": event_id,
            "map_version": seat_map.map_version,
            "outline": orjson.dumps(_outline(sections)).decode(),
            "accessible": sorted(seat_map.accessible),
            "companion": sorted(seat_map.companion),
            "distances": _pack(seat_map.distances),
            "aisles": sorted(seat_map.aisles),
            "document": document.compressed,
            "seat_count": len(seat_map),
        },
    )
    await tx.execute(
        _INSERT_SEATS,
        {
            "event_id": event_id,
            "firsts": [section.first for section in sections],
            "sizes": [section.size for section in sections],
            "tier_ids": [section.tier_id for section in sections],
        },
    )


async def insert_buckets(tx: Tx, event_id: UUID, tier_id: UUID, capacities: Sequence[int]) -> None:
    await tx.execute(
        _INSERT_BUCKETS,
        {"event_id": event_id, "tier_id": tier_id, "capacities": list(capacities)},
    )


async def delete_map(tx: Tx, event_id: UUID) -> None:
    """The map, its seats and the general places of the event."""
    for statement in _DELETE:
        await tx.execute(statement, {"event_id": event_id})


def _pack(distances: "array[int]") -> bytes:
    return struct.pack(f"<{len(distances)}i", *distances)


def _unpack(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(packed) // 4}i", packed)


def _outline(sections: Sequence[SeatSection]) -> list[dict[str, Any]]:
    """A row that counts from 1 is its name and its size; any other lists its numbers."""
    return [
        {
            "name": section.name,
            "title": section.title,
            "tier_id": section.tier_id,
            "rows": [[row.name, _numbers(row.numbers)] for row in section.rows],
        }
        for section in sections
    ]


def _numbers(numbers: Sequence[int]) -> int | list[int]:
    size = len(numbers)
    return size if list(numbers) == list(range(1, size + 1)) else list(numbers)


def _sections(outline: list[dict[str, Any]]) -> tuple[SeatSection, ...]:
    sections: list[SeatSection] = []
    first = 0
    for raw in outline:
        rows: list[SeatRow] = []
        at = first
        for name, numbers in raw["rows"]:
            row = SeatRow(
                name, at, range(1, numbers + 1) if isinstance(numbers, int) else tuple(numbers)
            )
            rows.append(row)
            at += len(row.numbers)
        sections.append(
            SeatSection(
                name=raw["name"],
                title=raw["title"],
                tier_id=UUID(raw["tier_id"]),
                first=first,
                size=at - first,
                rows=tuple(rows),
            )
        )
        first = at
    return tuple(sections)
