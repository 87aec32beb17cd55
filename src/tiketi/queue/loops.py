"""The waiting room's background work."""

from tiketi.infra.loops import Loop
from tiketi.infra.runtime import Runtime
from tiketi.queue.api import Admitter, AudienceRecorder, report_pressure

REPORT_INTERVAL_SECONDS = 1.0


async def _admit(runtime: Runtime) -> bool:
    return await runtime.one(Admitter).run_round()


async def _record_audience(runtime: Runtime) -> bool:
    return await runtime.one(AudienceRecorder).run_round()


async def _report(runtime: Runtime) -> bool:
    await report_pressure(runtime)
    return False


LOOPS = (
    Loop("admitter", lambda settings: settings.admit_interval_seconds, _admit),
    Loop("audience", lambda settings: settings.audience_interval_seconds, _record_audience),
    # In every process that makes holds or confirms payments.
    Loop("pressure", lambda _settings: REPORT_INTERVAL_SECONDS, _report),
)
