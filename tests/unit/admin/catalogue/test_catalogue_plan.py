"""A plan says everything outright, and says the same thing twice."""

from datetime import timedelta

from tests.support.catalogues import GOOD, NOW, read
from tiketi.admin.catalogue.plan import plan_catalogue, seed_id
from tiketi.events.api import Limits
from tiketi.queue.api import WaitingRoomSettings
from tiketi.seats.api import tiers_of


def plan_of(text, now=NOW):
    return plan_catalogue(read(text), now=now)


def test_times_are_absolute_and_whole():
    event = plan_of(GOOD).events[0].draft
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
    plan = plan_of(GOOD.replace("    tiers", "    prices: {VIP: 1000}\n    tiers"))
    tiers = tiers_of(plan.layouts[0].sections, plan.events[0].draft.prices_minor)
    assert {tier.section: tier.price_minor for tier in tiers} == {"VIP": 1000, "101": 90000}


def test_what_a_file_leaves_out_is_what_the_console_leaves_out():
    text = GOOD.replace("limits: {seats_per_order: 2, seats_per_user: 4}", "limits: {}")
    text = text.replace("queue: {capacity: 100, rate_per_minute: 60}", "queue: {}")
    draft = plan_of(text).events[0].draft
    assert draft.limits == Limits()
    assert WaitingRoomSettings(**draft.queue) == WaitingRoomSettings(enabled=True)
    nothing = plan_of(text.replace("    queue: {}\n", "").replace("    limits: {}\n", ""))
    assert nothing.events[0].draft.limits == Limits()
    assert nothing.events[0].draft.queue == {}
