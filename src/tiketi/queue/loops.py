"""The waiting room's background work."""

from tiketi.infra.loops import Loop
from tiketi.infra.runtime import Runtime


async def _admit(runtime: Runtime) -> bool:
    return False


LOOPS = (Loop("admitter", lambda settings: settings.admit_interval_seconds, _admit),)
