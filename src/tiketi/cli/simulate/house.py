"""The seats on sale as a client sees them: the fixed map, and who holds what now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

AVAILABLE, HELD, SOLD = "a", "h", "s"


class Taste(StrEnum):
    """In which order somebody looks at the seats. They overlap on purpose."""

    ASCENDING = "ascending"
    DESCENDING = "descending"
    BEST = "best"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class Seat:
    """``place`` is the seat's place in the whole map; ``row`` and ``column`` are in its section."""

    id: str
    place: int
    section: str
    tier_id: str
    price: int
    row: int
    column: int


@dataclass(frozen=True)
class House:
    """Every seat in seat-map order, and the order in which each taste looks at them."""

    event_id: str
    sections: tuple[str, ...]
    seats: tuple[Seat, ...]
    tier_names: Mapping[str, str]
    currency: str

    @classmethod
    def of(cls, event: Mapping[str, Any], seat_map: Mapping[str, Any]) -> "House":
        """From the answers of GET /events/{id} and GET /events/{id}/seats."""
        prices = {tier["id"]: tier["price"] for tier in event["tiers"]}
        seats: list[Seat] = []
        for section in seat_map["sections"]:
            for row_index, row in enumerate(section["rows"]):
                for column, seat in enumerate(row["seats"]):
                    seats.append(
                        Seat(
                            id=seat["id"],
                            place=len(seats),
                            section=section["id"],
                            tier_id=section["tier_id"],
                            price=prices[section["tier_id"]],
                            row=row_index,
                            column=column,
                        )
                    )
        sections = tuple(section["id"] for section in seat_map["sections"])
        names = {tier["id"]: tier["name"] for tier in event["tiers"]}
        return cls(str(event["id"]), sections, tuple(seats), names, event["currency"])

    @cached_property
    def orders(self) -> dict[Taste, tuple[int, ...]]:
        """Places by taste. BEST: the dearest section, its front row, from the middle out."""
        places = tuple(range(len(self.seats)))
        widths: dict[tuple[str, int], int] = {}
        for seat in self.seats:
            widths[seat.section, seat.row] = seat.column

        def merit(place: int) -> tuple[int, int, float]:
            seat = self.seats[place]
            return -seat.price, seat.row, abs(seat.column - widths[seat.section, seat.row] / 2)

        return {
            Taste.ASCENDING: places,
            Taste.DESCENDING: places[::-1],
            Taste.BEST: tuple(sorted(places, key=merit)),
            Taste.ANYWHERE: places,
        }

    @cached_property
    def places(self) -> dict[str, int]:
        return {seat.id: seat.place for seat in self.seats}


@dataclass(frozen=True)
class Snapshot:
    """One availability answer; ``states`` has a character a seat, in seat-map order."""

    house: House
    version: int
    states: str
    _sorted: dict[Taste, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, house: House, availability: Mapping[str, Any]) -> "Snapshot":
        """Raises ValueError when the answer does not cover the map seat by seat."""
        states = "".join(availability["sections"][name] for name in house.sections)
        if len(states) != len(house.seats):
            raise ValueError(f"{len(states)} states for {len(house.seats)} seats")
        return cls(house, availability["version"], states)

    def in_order(self, taste: Taste) -> str:
        """The states as that taste looks at them."""
        if taste not in self._sorted:
            order = self.house.orders[taste]
            self._sorted[taste] = "".join(self.states[place] for place in order)
        return self._sorted[taste]

    def count(self, state: str) -> int:
        return self.states.count(state)

    @property
    def exhausted(self) -> bool:
        """Nothing is to be had, and nothing can come back but by a refund."""
        return AVAILABLE not in self.states and HELD not in self.states
