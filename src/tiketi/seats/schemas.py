"""Seats on the wire. The answers are rendered by hand; these models describe them."""

from tiketi.infra.http.wire import View


class SeatView(View):
    id: str
    x: float
    y: float
    accessible: bool
    companion: bool


class RowView(View):
    name: str
    seats: list[SeatView]


class SectionView(View):
    """``id`` and ``name`` are the first part of its seats' ids; ``title`` is for people."""

    id: str
    name: str
    title: str
    tier_id: str
    rows: list[RowView]


class SeatMapView(View):
    event_id: str
    map_version: int
    sections: list[SectionView]


class AvailabilityView(View):
    """One character a seat, in seat-map order: a available, h held, s sold, b blocked."""

    event_id: str
    version: int
    sections: dict[str, str]
    general: dict[str, int]
