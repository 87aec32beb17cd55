"""The library call: claims decided in this process, so many waiting at once."""

import asyncio
import time
from itertools import count
from uuid import UUID

from bench.reservation.hall import claim_of
from tiketi.infra.runtime import Runtime
from tiketi.reservations.claiming import Claims
from tiketi.reservations.claims_repository import Outcome


async def press_library(runtime: Runtime, event_id: UUID, *, waiting: int, seconds: float) -> float:
    """Claims granted a second."""
    claims, buyers = Claims(runtime), count()
    began = time.perf_counter()
    until, granted = began + seconds, 0

    async def buy() -> None:
        nonlocal granted
        while time.perf_counter() < until:
            verdict = await claims.decide(claim_of(runtime, event_id, next(buyers)))
            if verdict.outcome is not Outcome.HELD:
                raise RuntimeError(f"refused: {verdict}")
            granted += 1

    await asyncio.gather(*(buy() for _ in range(waiting)))
    return granted / (time.perf_counter() - began)
