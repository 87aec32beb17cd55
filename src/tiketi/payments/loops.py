"""Background work of payments."""

from tiketi.infra.loops import Loop
from tiketi.infra.runtime import Runtime


async def _nothing_due(_runtime: Runtime) -> bool:
    return False


LOOPS: tuple[Loop, ...] = tuple(
    Loop(name, lambda settings: settings.sweep_interval_seconds, _nothing_due)
    for name in ("reconciler", "refunds", "sandbox_webhooks")
)
