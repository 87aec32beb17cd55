"""Allotments whose time has come are released."""

from tiketi.infra.loops import Loop
from tiketi.infra.runtime import Runtime
from tiketi.seats.allotments_service import release_due

# With the time that availability is kept, buyers see it within 2 s.
INTERVAL_SECONDS = 1.0


async def release_allotments(runtime: Runtime) -> bool:
    """One batch; whether there was one, and more may be due."""
    async with runtime.database.transaction() as tx:
        return await release_due(tx, runtime.clock.now())


LOOPS = (Loop("allotments", lambda _settings: INTERVAL_SECONDS, release_allotments),)
