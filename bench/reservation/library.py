"""The library call: claims decided in this process, so many waiting at once."""

import asyncio
import gc
import time
from uuid import UUID

from bench.reservation.hall import claim_of
from tiketi.infra.runtime import Runtime
from tiketi.reservations.claiming import Claims
from tiketi.reservations.claims_repository import Outcome

# More than are decided in a turn; made before it, since making them is the buyers' work.
CLAIMS_MAX = 60_000


async def press_library(runtime: Runtime, event_id: UUID, *, waiting: int, seconds: float) -> float:
    """Claims granted a second."""
    claims = Claims(runtime)
    wanted = iter([claim_of(runtime, event_id, buyer) for buyer in range(CLAIMS_MAX)])
    gc.freeze()  # or each collection would go through all that were made
    began = time.perf_counter()
    until, granted = began + seconds, 0

    async def buy() -> None:
        nonlocal granted
        while time.perf_counter() < until:
            verdict = await claims.decide(next(wanted))
            if verdict.outcome is not Outcome.HELD:
                raise RuntimeError(f"refused: {verdict}")
            granted += 1

    await asyncio.gather(*(buy() for _ in range(waiting)))
    took = time.perf_counter() - began
    gc.unfreeze()
    return granted / took
