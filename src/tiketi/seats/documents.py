"""Seat maps as bytes: rendered when the event was made, sent as they are."""

import asyncio
import gzip
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from tiketi.infra.cache import AgingCache, Cached
from tiketi.infra.runtime import Runtime
from tiketi.seats.domain import MAP_VERSION_FIRST, SeatMap
from tiketi.seats.drawing import render_map
from tiketi.seats.maps_repository import find_document

# A map of 50,000 seats is 4 MB, compressed a tenth of it.
BYTES_MAX = 64 * 1024 * 1024
FRESH_SECONDS = 300.0
STALE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class MapBytes:
    content: bytes
    etag: str


class MapDocuments:
    """The documents of seat maps, as gzip and, for the few who do not read it, plain."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._cache: AgingCache[tuple[UUID, bool], MapBytes] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=STALE_SECONDS,
            weight_max=BYTES_MAX,
            weigh=lambda document: len(document.content),
        )

    async def get(self, event_id: UUID, *, as_gzip: bool) -> Cached[MapBytes]:
        return await self._cache.get((event_id, as_gzip))

    async def _load(self, key: tuple[UUID, bool]) -> tuple[MapBytes, float]:
        event_id, as_gzip = key
        if not as_gzip:
            packed = await self._cache.get((event_id, True))
            content = await asyncio.to_thread(gzip.decompress, packed.value.content)
            return MapBytes(content, packed.value.etag), packed.age_seconds
        database = self._runtime.database
        async with database.reader() as reader:
            document = await find_document(reader, event_id)
        if document is None:
            # A replica may not have it yet, and an empty map would be remembered for long.
            async with database.latest() as reader:
                document = await find_document(reader, event_id)
        if document is None:
            document = render_map(SeatMap(event_id, MAP_VERSION_FIRST, ()), [])
        digest = blake2b(document.compressed, digest_size=8).hexdigest()
        return MapBytes(document.compressed, f'W/"{document.map_version}-{digest}"'), 0.0
