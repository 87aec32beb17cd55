"""Seat maps as one process remembers them: immutable, so only their sum needs a bound."""

from uuid import UUID

from tiketi.infra.cache import AgingCache
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.seats.domain import SeatMap
from tiketi.seats.maps_repository import find_map

# About 150 bytes a seat: 150 MB, a fifth of what the smallest service has for itself.
SEATS_MAX = 1_000_000
# A draft's map may still be replaced; a published one never is.
FRESH_SECONDS = 30.0
STALE_SECONDS = 86_400.0


class SeatMaps:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._cache: AgingCache[UUID, SeatMap] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=STALE_SECONDS,
            weight_max=SEATS_MAX,
            weigh=len,
        )

    async def get(self, event_id: UUID) -> SeatMap:
        """The event's seat map, without sections where all admission is general; NotFound."""
        return (await self._cache.get(event_id)).value

    def forget(self, event_id: UUID) -> None:
        """Read it anew at the next ``get``."""
        self._cache.forget(event_id)

    async def _load(self, event_id: UUID) -> tuple[SeatMap, float]:
        async with self._runtime.database.reader() as reader:
            seat_map = await find_map(reader, event_id)
        if seat_map is None:
            raise NotFound
        return seat_map, 0.0
