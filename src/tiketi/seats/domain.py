"""A seat map: the fixed order of an event's seats, and what each is called."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload
from uuid import UUID

# A published event's map is never drawn anew, so this is the only version there is yet.
MAP_VERSION_FIRST = 1


@dataclass(frozen=True, slots=True)
class SeatPlace:
    """One seat. ``index`` counts over the whole event, from 0, in seat-map order."""

    index: int
    seat_id: str
    section: str
    tier_id: UUID
    row: str
    number: int
    accessible: bool
    companion: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """The seats of one reservation: its id, its event's, and the seats' indexes, if any; and
    whether it may have general places.
    """

    owner_id: UUID
    event_id: UUID
    indexes: Sequence[int]
    has_general: bool = True


@dataclass(frozen=True, slots=True)
class SeatRow:
    """Seats side by side: indexes ``first`` to ``first + len(numbers)``, end excluded."""

    name: str
    first: int
    numbers: Sequence[int]

    @property
    def indexes(self) -> range:
        return range(self.first, self.first + len(self.numbers))


@dataclass(frozen=True, slots=True)
class SeatSection:
    name: str
    title: str
    tier_id: UUID
    first: int
    size: int
    rows: tuple[SeatRow, ...]

    @property
    def indexes(self) -> range:
        return range(self.first, self.first + self.size)


class SeatMap:
    """The seats of one event, for ever the same while its ``map_version`` is.

    ``distances``: how far each seat is from its section's focal point, in thousandths of a unit.
    ``aisles``: the seats that an aisle parts from the seat before.
    """

    __slots__ = (
        "_index", "accessible", "aisles", "companion", "distances", "event_id", "map_version",
        "places", "seat_ids", "sections",
    )  # fmt: skip

    def __init__(
        self,
        event_id: UUID,
        map_version: int,
        sections: tuple[SeatSection, ...],
        *,
        accessible: frozenset[int] = frozenset(),
        companion: frozenset[int] = frozenset(),
        distances: Sequence[int] = (),
        aisles: frozenset[int] = frozenset(),
    ) -> None:
        self.event_id = event_id
        self.map_version = map_version
        self.sections = sections
        self.accessible = accessible
        self.companion = companion
        self.aisles = aisles
        self.distances = array("i", distances)
        self.seat_ids = tuple(
            f"{section.name}-{row.name}-{number}"
            for section in sections
            for row in section.rows
            for number in row.numbers
        )
        self._index = {seat_id: index for index, seat_id in enumerate(self.seat_ids)}
        self.places: Sequence[SeatPlace] = _Places(self)

    def __len__(self) -> int:
        return len(self.seat_ids)

    def find(self, seat_id: str) -> SeatPlace | None:
        """The seat of that label, or None."""
        index = self._index.get(seat_id)
        return None if index is None else self.places[index]

    def section(self, name: str) -> SeatSection | None:
        return next((section for section in self.sections if section.name == name), None)


@dataclass(frozen=True, slots=True)
class MapDocument:
    """A seat map as it goes over the wire, compressed by gzip."""

    map_version: int
    compressed: bytes


class _Places(Sequence[SeatPlace]):
    """Places made when asked for: a hundred thousand kept ones would be tens of megabytes."""

    __slots__ = ("_map", "_section_of")

    def __init__(self, seat_map: SeatMap) -> None:
        self._map = seat_map
        self._section_of = {section.name: section for section in seat_map.sections}

    def __len__(self) -> int:
        return len(self._map.seat_ids)

    @overload
    def __getitem__(self, index: int) -> SeatPlace: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SeatPlace]: ...
    def __getitem__(self, index: int | slice) -> SeatPlace | Sequence[SeatPlace]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        seat_id = self._map.seat_ids[index]
        section, row, number = seat_id.split("-")
        return SeatPlace(
            index=index,
            seat_id=seat_id,
            section=section,
            tier_id=self._section_of[section].tier_id,
            row=row,
            number=int(number),
            accessible=index in self._map.accessible,
            companion=index in self._map.companion,
        )
