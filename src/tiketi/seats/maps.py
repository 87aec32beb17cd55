"""Seat maps as one process remembers them: immutable, so only their sum needs a bound."""

from uuid import UUID

from tiketi.infra.cache import AgingCache
from tiketi.infra.invariants import Invariant
from tiketi.infra.runtime import Runtime
from tiketi.seats.domain import MAP_VERSION_FIRST, SeatMap
from tiketi.seats.maps_repository import find_map

# About 150 bytes a seat: 150 MB, a fifth of what the smallest service has for itself.
SEATS_MAX = 1_000_000
# A published event's map never changes; a draft's may be replaced, but is not sold from.
FRESH_SECONDS = 300.0
STALE_SECONDS = 86_400.0


MAP_INVARIANTS = (
    Invariant(
        "every_seat_is_on_its_map",
        """
        SELECT count(*) FROM (
            SELECT event_id, count(*) AS seats, max(seat_index) + 1 AS places
            FROM seats.seat GROUP BY event_id) AS held
        FULL JOIN seats.seat_map AS map USING (event_id)
        WHERE held.seats IS DISTINCT FROM map.seat_count OR held.seats <> held.places""",
    ),
)


class SeatMaps:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._cache: AgingCache[UUID, SeatMap] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=STALE_SECONDS,
            weight_max=SEATS_MAX,
            weigh=lambda seat_map: max(1, len(seat_map)),
        )

    async def get(self, event_id: UUID) -> SeatMap:
        """The event's seat map, without sections where all admission is general."""
        return (await self._cache.get(event_id)).value

    def forget(self, event_id: UUID) -> None:
        """Read it anew at the next ``get``."""
        self._cache.forget(event_id)

    async def _load(self, event_id: UUID) -> tuple[SeatMap, float]:
        database = self._runtime.database
        async with database.reader() as reader:
            seat_map = await find_map(reader, event_id)
        if seat_map is None:
            # A replica may not have it yet, and an empty map would be remembered for long.
            async with database.latest() as reader:
                seat_map = await find_map(reader, event_id)
        return seat_map or SeatMap(event_id, MAP_VERSION_FIRST, ()), 0.0
