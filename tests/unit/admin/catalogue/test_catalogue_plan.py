"""A plan says everything outright, and says the same thing twice."""

from datetime import timedelta

from tests.support.catalogues import GOOD, NOW, read

from tiketi.admin.catalogue.plan import plan_catalogue, seed_id


def plan_of(text, now=NOW):
    return plan_catalogue(read(text), now=now)


def test_times_are_absolute_and_whole():
    (event,) = plan_of(GOOD).events
    assert event.starts_at.isoformat() == "2026-12-24T10:30:00+00:00"
    assert event.sale_opens_at == NOW.replace(microsecond=0)
    assert event.sale_closes_at == event.starts_at
    assert event.refund_policy.until == event.starts_at - timedelta(hours=24)


def test_event_keeps_its_id_whatever_else_changes():
    changed = GOOD.replace("첫날 밤", "둘째 밤").replace("price: 90000", "price: 80000")
    later = plan_of(changed, now=NOW + timedelta(days=400))
    assert later.events[0].event_id == plan_of(GOOD).events[0].event_id
    assert later.events[0].event_id != seed_id("event", "second-night")


def test_layout_that_changed_is_another_layout():
    changed = plan_of(GOOD.replace("price: 90000", "price: 80000"))
    assert plan_of(GOOD).layouts[0].layout_id == plan_of(GOOD).layouts[0].layout_id
    assert changed.layouts[0].layout_id != plan_of(GOOD).layouts[0].layout_id


def test_seed_ids_are_uuid7_in_form():
    made = seed_id("event", "first-night")
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_event_prices_win_over_the_layouts():
    (event,) = plan_of(GOOD.replace("    tiers", "    prices: {VIP: 1000}\n    tiers")).events
    assert event.prices == {"VIP": 1000, "101": 90000}
