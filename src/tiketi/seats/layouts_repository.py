"""Layouts in PostgreSQL."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx
from tiketi.seats.layouts import LayoutRow, LayoutSeat, LayoutSection, SeatLayout

_COLUMNS = "SELECT id, owner_id, name, sections, created_at, updated_at FROM seats.layout"
_FIND = text(f"{_COLUMNS} WHERE id = :layout_id")
_LOCK = text(f"{_COLUMNS} WHERE id = :layout_id FOR UPDATE")
# Newest first; UUIDv7 sorts by time.
_LIST = text("""
    SELECT id, owner_id, name, capacity, created_at, updated_at FROM seats.layout
    WHERE (CAST(:seen_by AS uuid) IS NULL OR owner_id IS NULL OR owner_id = :seen_by)
        AND (CAST(:after AS uuid) IS NULL OR id < :after)
    ORDER BY id DESC LIMIT :limit""")
_INSERT = text("""
    INSERT INTO seats.layout (id, owner_id, name, sections, capacity, created_at, updated_at)
    VALUES (:id, :owner_id, :name, CAST(:sections AS jsonb), :capacity, :created_at, :updated_at)
    """)
_REPLACE = text("""
    UPDATE seats.layout SET name = :name, sections = CAST(:sections AS jsonb),
        capacity = :capacity, updated_at = :updated_at
    WHERE id = :id""")
_DELETE = text("DELETE FROM seats.layout WHERE id = :layout_id")


async def find_layout(reader: Reader, layout_id: UUID) -> SeatLayout | None:
    row = (await reader.execute(_FIND, {"layout_id": layout_id})).mappings().first()
    return None if row is None else _layout(dict(row))


async def lock_layout(tx: Tx, layout_id: UUID) -> SeatLayout | None:
    row = (await tx.execute(_LOCK, {"layout_id": layout_id})).mappings().first()
    return None if row is None else _layout(dict(row))


async def list_rows(
    reader: Reader, *, seen_by: UUID | None, after: UUID | None, limit: int
) -> list[dict[str, Any]]:
    rows = await reader.execute(_LIST, {"seen_by": seen_by, "after": after, "limit": limit})
    return [dict(row) for row in rows.mappings()]


async def insert_layout(tx: Tx, layout: SeatLayout) -> None:
    values = {"owner_id": layout.owner_id, "created_at": layout.created_at, **_values(layout)}
    await tx.execute(_INSERT, values)


async def replace_layout(tx: Tx, layout: SeatLayout) -> None:
    await tx.execute(_REPLACE, _values(layout))


async def delete_layout(tx: Tx, layout_id: UUID) -> None:
    await tx.execute(_DELETE, {"layout_id": layout_id})


def _values(layout: SeatLayout) -> dict[str, Any]:
    sections = orjson.dumps([asdict(section) for section in layout.sections])
    return {
        "id": layout.id,
        "name": layout.name,
        "sections": sections.decode(),
        "capacity": layout.capacity,
        "updated_at": layout.updated_at,
    }


def _layout(row: dict[str, Any]) -> SeatLayout:
    created_at: datetime = row["created_at"]
    return SeatLayout(
        id=row["id"],
        owner_id=row["owner_id"],
        name=row["name"],
        sections=tuple(_section(section) for section in row["sections"]),
        created_at=created_at,
        updated_at=row["updated_at"],
    )


def _section(raw: dict[str, Any]) -> LayoutSection:
    rows = raw["rows"]
    if not isinstance(rows, int):
        rows = tuple(
            LayoutRow(row["name"], tuple(LayoutSeat(**seat) for seat in row["seats"]))
            for row in rows
        )
    focus = raw.get("focal_point")
    return LayoutSection(**{**raw, "rows": rows, "focal_point": focus and tuple(focus)})
