from datetime import timedelta

import pytest

from tests.support.on_sale import VENUE
from tiketi.events import api as events


@pytest.fixture
def now(runtime):
    """The present, as finely as the wire shows it."""
    return runtime.clock.now().replace(microsecond=123_000)


@pytest.fixture
def draft(now):
    """What an organizer writes of an event; fields as keywords."""

    def make(**fields) -> events.NewEvent:
        usual = {
            "title": "봄의 콘서트",
            "artist": "한강",
            "venue": VENUE,
            "starts_at": now + timedelta(days=30),
            "sale_opens_at": now - timedelta(hours=1),
            "sale_closes_at": now + timedelta(days=20),
            "currency": "KRW",
            "tiers": (events.NewTier("Standing", 30_000, events.TierKind.GENERAL, 100),),
        }
        return events.NewEvent(**{**usual, **fields})

    return make


@pytest.fixture
def create(runtime, now, draft):
    """An event of that draft, published unless said otherwise."""

    async def make(*, publish: bool = True, organizer_id=None, **fields) -> events.Event:
        async with runtime.database.transaction() as tx:
            event = await events.create_event(
                tx, draft(**fields), organizer_id=organizer_id, now=now
            )
            return await events.publish_event(tx, event.id, now=now) if publish else event

    return make
