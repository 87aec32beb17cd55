from datetime import UTC, datetime, timedelta

import pytest

from tiketi.events.domain import Event, EventStatus, Limits, RefundPolicy, Tier, TierKind, Venue
from tiketi.kernel.ids import new_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPENS, CLOSES = NOW, NOW + timedelta(days=7)


def event(**fields) -> Event:
    event_id = new_id()
    tier = Tier(new_id(), event_id, 0, "A", 1000, TierKind.SEATED, "A", 10)
    fixed = {
        "id": event_id,
        "organizer_id": None,
        "layout_id": None,
        "title": "t",
        "artist": "a",
        "description": "",
        "venue": Venue("v", "", "Asia/Seoul"),
        "starts_at": CLOSES,
        "sale_opens_at": OPENS,
        "sale_closes_at": CLOSES,
        "currency": "KRW",
        "poster_url": None,
        "limits": Limits(),
        "refund_policy": RefundPolicy(),
        "queue_enabled": False,
        "sold_out": False,
        "published_at": NOW,
        "cancelled_at": None,
        "tiers": (tier,),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Event(**{**fixed, **fields})


@pytest.mark.parametrize(
    ("fields", "moment", "status"),
    [
        ({"published_at": None}, OPENS, EventStatus.DRAFT),
        ({}, OPENS - timedelta(microseconds=1), EventStatus.UPCOMING),
        ({}, OPENS, EventStatus.ON_SALE),
        ({"sold_out": True}, OPENS - timedelta(microseconds=1), EventStatus.UPCOMING),
        ({"sold_out": True}, OPENS, EventStatus.SOLD_OUT),
        ({}, CLOSES - timedelta(microseconds=1), EventStatus.ON_SALE),
        ({}, CLOSES, EventStatus.ENDED),
        ({"sold_out": True}, CLOSES, EventStatus.ENDED),
        ({"cancelled_at": NOW}, OPENS, EventStatus.CANCELLED),
        ({"cancelled_at": NOW}, CLOSES, EventStatus.CANCELLED),
        ({"cancelled_at": NOW, "published_at": None}, OPENS, EventStatus.CANCELLED),
    ],
)
def test_the_clock_moves_the_status(fields, moment, status):
    assert event(**fields).status(moment) is status


def test_a_sold_out_event_may_still_be_tried():
    assert event().is_on_sale(OPENS)
    assert event(sold_out=True).is_on_sale(OPENS)
    assert not event().is_on_sale(OPENS - timedelta(seconds=1))
    assert not event().is_on_sale(CLOSES)
    assert not event(cancelled_at=NOW).is_on_sale(OPENS)


def test_a_cancelled_draft_stays_invisible():
    assert not event(published_at=None, cancelled_at=NOW).is_visible


def test_refunds_end_a_day_before_the_start_unless_said_otherwise():
    assert RefundPolicy().last_moment(CLOSES) == CLOSES - timedelta(hours=24)
    assert RefundPolicy(until=NOW).last_moment(CLOSES) == NOW


def test_a_tier_is_found_by_its_id():
    found = event()
    assert found.tier(found.tiers[0].id) is found.tiers[0]
    assert found.tier(new_id()) is None
