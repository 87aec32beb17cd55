"""A plan into the stores, by the same doors that the console uses."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from tiketi.admin.catalogue.plan import Plan, PlannedEvent, PlannedLayout
from tiketi.admin.drafting import create_event
from tiketi.admin.layouts import create_layout
from tiketi.admin.running import publish_event
from tiketi.events import api as events
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.seats import api as seats

# "seed": two imports at once would both find the same event missing.
_LOCK_KEY = 0x73656564
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Names of layouts, slugs of events; ``kept`` were there already and stay as they are."""

    layouts_created: tuple[str, ...]
    layouts_kept: tuple[str, ...]
    events_created: tuple[str, ...]
    events_kept: tuple[str, ...]


async def import_catalogue(tx: Tx, runtime: Runtime, plan: Plan, *, now: datetime) -> ImportReport:
    """Create what is not there yet, all in the caller's transaction; the house owns it."""
    await tx.execute(_LOCK, {"key": _LOCK_KEY})
    layouts = {layout.name: await _ensure_layout(tx, layout, now) for layout in plan.layouts}
    made = {event.slug: await _ensure_event(tx, runtime, event, now) for event in plan.events}
    return ImportReport(
        layouts_created=tuple(name for name, is_new in layouts.items() if is_new),
        layouts_kept=tuple(name for name, is_new in layouts.items() if not is_new),
        events_created=tuple(slug for slug, is_new in made.items() if is_new),
        events_kept=tuple(slug for slug, is_new in made.items() if not is_new),
    )


async def _ensure_layout(tx: Tx, layout: PlannedLayout, now: datetime) -> bool:
    """Whether it was made just now."""
    try:
        await seats.get_layout(tx, layout.layout_id)
    except NotFound:
        await create_layout(
            tx,
            None,
            name=layout.name,
            sections=layout.sections,
            now=now,
            layout_id=layout.layout_id,
        )
        return True
    return False


async def _ensure_event(tx: Tx, runtime: Runtime, event: PlannedEvent, now: datetime) -> bool:
    """Whether it was made just now."""
    try:
        await events.get_event(tx, event.event_id)
    except NotFound:
        await create_event(tx, runtime, None, event.draft, now=now, event_id=event.event_id)
        if event.publish:
            await publish_event(tx, runtime, None, event.event_id, now=now)
        return True
    return False
