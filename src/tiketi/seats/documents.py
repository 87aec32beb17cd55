"""Seat maps as bytes: rendered when the event was made, sent as they are."""

import asyncio
import gzip
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from tiketi.infra.cache import AgingCache, Cached
from tiketi.infra.runtime import Runtime
from tiketi.infra.shared_cache import Freshness, SharedCache
from tiketi.seats import keys
from tiketi.seats.domain import MAP_VERSION_FIRST, SeatMap
from tiketi.seats.drawing import render_map
from tiketi.seats.maps_repository import find_document

# A map of 50,000 seats is 4 MB, compressed a tenth of it: half of what may be kept is for maps.
BYTES_SHARE = 2
# A published event's map never changes; a draft's may be replaced, but is not shown.
FRESHNESS = Freshness(look_seconds=120.0, fresh_seconds=120.0, stale_seconds=86_400.0)
_VERSION_BYTES = 4


@dataclass(frozen=True, slots=True)
class MapBytes:
    content: bytes
    etag: str


class MapDocuments:
    """The documents of seat maps, as gzip and, for the few who do not read it, plain."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        bytes_max = runtime.settings.answers_bytes_max // BYTES_SHARE
        self._packed: SharedCache[UUID, MapBytes] = SharedCache(
            runtime,
            keys=keys.map_copy,
            read=self._read,
            decode=_decoded,
            freshness=FRESHNESS,
            weight_max=bytes_max // 2,
            weigh=lambda document: len(document.content),
        )
        self._plain: AgingCache[UUID, MapBytes] = AgingCache(
            runtime,
            self._unpack,
            fresh_seconds=FRESHNESS.look_seconds,
            stale_seconds=FRESHNESS.stale_seconds,
            weight_max=bytes_max // 2,
            weigh=lambda document: len(document.content),
        )

    async def get(self, event_id: UUID, *, as_gzip: bool) -> Cached[MapBytes]:
        packed = await self._packed.get(event_id)
        if as_gzip:
            return packed
        return Cached(await self._plain.value(event_id), packed.age_seconds, packed.stale)

    async def _unpack(self, event_id: UUID) -> tuple[MapBytes, float]:
        packed = await self._packed.value(event_id)
        content = await asyncio.to_thread(gzip.decompress, packed.content)
        return MapBytes(content, packed.etag), 0.0

    async def _read(self, event_id: UUID, latest: bool) -> bytes:
        """The map's version, then its document."""
        database = self._runtime.database
        document = None
        if not latest:
            async with database.reader() as reader:
                document = await find_document(reader, event_id)
        if document is None:
            # A replica may not have it yet, and an empty map would be remembered for long.
            async with database.latest() as reader:
                document = await find_document(reader, event_id)
        if document is None:
            document = render_map(SeatMap(event_id, MAP_VERSION_FIRST, ()), [])
        return document.map_version.to_bytes(_VERSION_BYTES) + document.compressed


def _decoded(content: bytes) -> MapBytes:
    version, compressed = int.from_bytes(content[:_VERSION_BYTES]), content[_VERSION_BYTES:]
    digest = blake2b(compressed, digest_size=8).hexdigest()
    return MapBytes(compressed, f'W/"{version}-{digest}"')
