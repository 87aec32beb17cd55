"""The waiting room's background work."""

from tiketi.infra.loops import Loop
from tiketi.infra.runtime import Runtime
from tiketi.queue.api import Admitter, AudienceRecorder


async def _admit(runtime: Runtime) -> bool:
    return await runtime.one(Admitter).run_round()


async def _record_audience(runtime: Runtime) -> bool:
    return await runtime.one(AudienceRecorder).run_round()


LOOPS = (
    Loop("admitter", lambda settings: settings.admit_interval_seconds, _admit),
    Loop("audience", lambda settings: settings.audience_interval_seconds, _record_audience),
)
