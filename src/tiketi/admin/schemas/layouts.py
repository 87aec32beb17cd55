"""Layouts on the wire. What one value cannot say alone is checked by the seats module."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Discriminator, Field, Tag

from tiketi.infra.http.wire import Amount, Body, Moment, Title, View, text
from tiketi.seats.api import LayoutRow, LayoutSeat, LayoutSection, LayoutSummary, SeatLayout

# Far above what a body may have room for; the seats module's own bounds are lower.
LIST_MAX = 10_000
COUNT_MAX = 10_000


def _count_or_list(value: Any) -> str:
    return "list" if isinstance(value, list) else "count"


Count = Annotated[int, Field(ge=1, le=COUNT_MAX)]
SectionName = Annotated[str, Field(pattern="^[A-Z0-9]{1,12}$")]


class SeatBody(Body):
    number: Count
    x: float
    y: float
    accessible: bool = False
    companion: bool = False


class RowBody(Body):
    name: Annotated[str, Field(pattern="^[A-Z0-9]{1,8}$")]
    seats: Annotated[list[SeatBody], Field(min_length=1, max_length=LIST_MAX)]


Rows = Annotated[
    Annotated[Count, Tag("count")]
    | Annotated[list[RowBody], Field(min_length=1, max_length=LIST_MAX), Tag("list")],
    Discriminator(_count_or_list),
]


class FocalPointBody(Body):
    x: float
    y: float


class SectionBody(Body):
    name: SectionName = Field(description="Its id too, and its tier's name: VIP in seat VIP-1-5.")
    title: Title | None = Field(None, description="What buyers read; null: the name.")
    rows: Rows = Field(description="How many, with seats_per_row, or each with its seats.")
    seats_per_row: Count | None = None
    price: Amount = Field(description="In the minor unit of the event's currency.")
    start_row: Count = Field(1, description="The first row's number, with a count of rows.")
    focal_point: FocalPointBody | None = Field(
        None, description="Best available is nearest to it; null: the middle of the front row."
    )

    def as_section(self) -> LayoutSection:
        return LayoutSection(
            name=self.name,
            title=self.title,
            rows=self.rows
            if isinstance(self.rows, int)
            else tuple(
                LayoutRow(row.name, tuple(LayoutSeat(**dict(seat)) for seat in row.seats))
                for row in self.rows
            ),
            seats_per_row=self.seats_per_row,
            price_minor=self.price,
            start_row=self.start_row,
            focal_point=(self.focal_point.x, self.focal_point.y) if self.focal_point else None,
        )


class LayoutBody(Body):
    name: Annotated[str, text(200)]
    sections: Annotated[list[SectionBody], Field(min_length=1, max_length=LIST_MAX)]

    def as_sections(self) -> list[LayoutSection]:
        return [section.as_section() for section in self.sections]


class SeatView(View):
    number: int
    x: float
    y: float
    accessible: bool
    companion: bool


class RowView(View):
    name: str
    seats: list[SeatView]


class FocalPointView(View):
    x: float
    y: float


class SectionView(View):
    name: str
    title: str | None
    rows: int | list[RowView]
    seats_per_row: int | None
    price: int | None
    start_row: int
    focal_point: FocalPointView | None

    @classmethod
    def of(cls, section: LayoutSection) -> "SectionView":
        rows, focus = section.rows, section.focal_point
        return cls(
            name=section.name,
            title=section.title,
            rows=rows if isinstance(rows, int) else [_row_view(row) for row in rows],
            seats_per_row=section.seats_per_row,
            price=section.price_minor,
            start_row=section.start_row,
            focal_point=FocalPointView(x=focus[0], y=focus[1]) if focus else None,
        )


class LayoutSummaryView(View):
    """``owner_id`` null: the house's own, which every organizer may use."""

    id: UUID
    owner_id: UUID | None
    name: str
    capacity: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, layout: LayoutSummary) -> "LayoutSummaryView":
        return cls(
            id=layout.id,
            owner_id=layout.owner_id,
            name=layout.name,
            capacity=layout.capacity,
            created_at=layout.created_at,
            updated_at=layout.updated_at,
        )


class LayoutView(LayoutSummaryView):
    sections: list[SectionView]

    @classmethod
    def of_whole(cls, layout: SeatLayout) -> "LayoutView":
        return cls(
            id=layout.id,
            owner_id=layout.owner_id,
            name=layout.name,
            capacity=layout.capacity,
            created_at=layout.created_at,
            updated_at=layout.updated_at,
            sections=[SectionView.of(section) for section in layout.sections],
        )


def _row_view(row: LayoutRow) -> RowView:
    return RowView(
        name=row.name,
        seats=[
            SeatView(
                number=seat.number,
                x=seat.x,
                y=seat.y,
                accessible=seat.accessible,
                companion=seat.companion,
            )
            for seat in row.seats
        ],
    )
