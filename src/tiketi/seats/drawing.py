"""From a layout to an event's seat map, and to the document that buyers are sent."""

import gzip
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from tiketi.events.api import NewTier, Tier, TierKind
from tiketi.kernel.errors import Invalid
from tiketi.seats.domain import (
    MAP_VERSION_FIRST,
    MapDocument,
    SeatMap,
    SeatRow,
    SeatSection,
)
from tiketi.seats.focus import find_aisles, measure_distances
from tiketi.seats.layouts import LayoutRow, LayoutSection, expand_sections

COMPRESS_LEVEL = 6


def tiers_of(
    sections: Sequence[LayoutSection], prices_minor: Mapping[str, int] | None = None
) -> tuple[NewTier, ...]:
    """The seated tier of each section; ``prices_minor``, by section, win over the layout's.

    Invalid for a section without a price.
    """
    prices = {section.name: section.price_minor for section in sections} | dict(prices_minor or {})
    return tuple(
        NewTier(
            name=section.name,
            price_minor=_price(section.name, prices),
            kind=TierKind.SEATED,
            capacity=section.size,
            section=section.name,
        )
        for section in sections
    )


def draw_map(
    event_id: UUID, sections: Sequence[LayoutSection], tiers: Sequence[Tier]
) -> tuple[SeatMap, MapDocument]:
    """The map of a layout's sections, in their order, each with its tier. Slow: 100,000 seats."""
    tier_ids = {tier.section: tier.id for tier in tiers if tier.kind is TierKind.SEATED}
    drawn: list[SeatSection] = []
    rows_of: list[tuple[LayoutRow, ...]] = []
    distances: list[int] = []
    aisles: list[int] = []
    first = 0
    for section, rows in zip(sections, expand_sections(sections), strict=True):
        drawn.append(_section(section, tier_ids[section.name], rows, first))
        rows_of.append(rows)
        distances += measure_distances(section, rows)
        aisles += (first + index for index in find_aisles(rows))
        first += drawn[-1].size
    seats = [seat for rows in rows_of for row in rows for seat in row.seats]
    seat_map = SeatMap(
        event_id,
        MAP_VERSION_FIRST,
        tuple(drawn),
        accessible=frozenset(index for index, seat in enumerate(seats) if seat.accessible),
        companion=frozenset(index for index, seat in enumerate(seats) if seat.companion),
        distances=distances,
        aisles=frozenset(aisles),
    )
    return seat_map, render_map(seat_map, rows_of)


def render_map(seat_map: SeatMap, rows_of: Sequence[Sequence[LayoutRow]]) -> MapDocument:
    """The document of ``GET /events/{event_id}/seats``; ``rows_of`` has each section's rows."""
    body = orjson.dumps(
        {
            "event_id": seat_map.event_id,
            "map_version": seat_map.map_version,
            "sections": [
                {
                    "id": section.name,
                    "name": section.name,
                    "title": section.title,
                    "tier_id": section.tier_id,
                    "rows": [_row(section.name, row) for row in rows],
                }
                for section, rows in zip(seat_map.sections, rows_of, strict=True)
            ],
        }
    )
    return MapDocument(seat_map.map_version, gzip.compress(body, COMPRESS_LEVEL, mtime=0))


def _price(section: str, prices: Mapping[str, int | None]) -> int:
    price = prices[section]
    if price is None:
        raise Invalid.at(("body", "layout_id"), f"the layout has no price for section {section}")
    return price


def _section(
    section: LayoutSection, tier_id: UUID, rows: Sequence[LayoutRow], first: int
) -> SeatSection:
    drawn: list[SeatRow] = []
    at = first
    for row in rows:
        drawn.append(SeatRow(row.name, at, tuple(seat.number for seat in row.seats)))
        at += len(row.seats)
    return SeatSection(
        name=section.name,
        title=section.title or section.name,
        tier_id=tier_id,
        first=first,
        size=at - first,
        rows=tuple(drawn),
    )


def _row(section: str, row: LayoutRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "seats": [
            {
                "id": f"{section}-{row.name}-{seat.number}",
                "x": seat.x,
                "y": seat.y,
                "accessible": seat.accessible,
                "companion": seat.companion,
            }
            for seat in row.seats
        ],
    }
