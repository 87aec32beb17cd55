"""What an organizer may change of an event, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tiketi.events import api as events
from tiketi.events.api import EventCancelled, EventEnded, EventPublished, EventStatus
from tiketi.kernel.errors import Invalid, NotFound
from tiketi.kernel.ids import new_id

GENERAL = events.TierKind.GENERAL


@pytest.fixture
def rewrite(runtime, now):
    async def write(event, new, at=now) -> events.Event:
        async with runtime.database.transaction() as tx:
            return await events.replace_event(tx, event.id, new, now=at)

    return write


async def test_a_draft_is_kept_as_written(runtime, create, draft, now):
    organizer_id, layout_id = new_id(), new_id()
    new = draft(
        description="긴 글",
        poster_url="https://tiketi.test/p.png",
        limits=events.Limits(2, 3),
        refund_policy=events.RefundPolicy(now + timedelta(days=1), 50),
        queue_enabled=True,
        layout_id=layout_id,
    )
    made = await create(publish=False, organizer_id=organizer_id, **_fields(new))
    async with runtime.database.reader() as reader:
        assert await events.get_event(reader, made.id) == made
    assert made.status(now) is EventStatus.DRAFT
    assert (made.title, made.venue, made.limits) == (new.title, new.venue, new.limits)
    assert (made.refund_policy, made.queue_enabled) == (new.refund_policy, True)
    assert (made.organizer_id, made.layout_id) == (organizer_id, layout_id)
    (tier,) = made.tiers
    assert (tier.event_id, tier.name, tier.price_minor, tier.capacity) == (
        made.id, "Standing", 30_000, 100,
    )  # fmt: skip


async def test_a_sale_without_an_end_closes_at_the_start(create):
    event = await create(sale_closes_at=None)
    assert event.sale_closes_at == event.starts_at


async def test_a_draft_may_be_written_anew(create, draft, rewrite, now):
    event = await create(publish=False)
    two = (events.NewTier("A", 1, GENERAL, 1), events.NewTier("B", 2, GENERAL, 2))
    later = now + timedelta(days=99)
    new = draft(title="다른 이름", starts_at=later, currency="USD", tiers=two)
    changed = await rewrite(event, new)
    assert (changed.title, changed.currency, changed.starts_at) == ("다른 이름", "USD", later)
    assert [tier.name for tier in changed.tiers] == ["A", "B"]


async def test_texts_poster_limits_and_a_later_end_may_change_once_published(
    create, draft, rewrite, now
):
    event = await create()
    new = draft(
        title="새 제목",
        artist="새 이름",
        description="새 글",
        venue=replace(event.venue, name="다른 홀", address="다른 곳"),
        poster_url="https://tiketi.test/new.png",
        limits=events.Limits(1, 1),
        sale_closes_at=now + timedelta(days=25),
    )
    changed = await rewrite(event, new)
    assert (changed.title, changed.venue.name, changed.limits) == (
        "새 제목", "다른 홀", events.Limits(1, 1),
    )  # fmt: skip
    assert changed.sale_closes_at == now + timedelta(days=25)
    assert changed.tiers == event.tiers


@pytest.mark.parametrize(
    "change",
    [
        lambda now: {"starts_at": now + timedelta(days=31)},
        lambda now: {"sale_opens_at": now - timedelta(hours=2)},
        lambda now: {"sale_closes_at": now + timedelta(days=19)},
        lambda _: {"currency": "USD"},
        lambda _: {"layout_id": new_id()},
        lambda _: {"queue_enabled": True},
        lambda _: {"refund_policy": events.RefundPolicy(None, 10)},
        lambda _: {"venue": events.Venue("v", "", "Asia/Tokyo")},
        lambda _: {"tiers": (events.NewTier("Standing", 1, GENERAL, 100),)},
        lambda _: {"tiers": (events.NewTier("Standing", 30_000, GENERAL, 99),)},
    ],
)
async def test_what_buyers_rely_on_stays(create, draft, rewrite, now, change):
    event = await create()
    with pytest.raises(EventPublished):
        await rewrite(event, draft(title="x", **change(now)))
    assert await rewrite(event, draft(title=event.title)) == replace(event, updated_at=now)


async def test_what_was_read_may_be_sent_back(create, draft, rewrite, now):
    """Readers see milliseconds, and the usual refund policy where none was set."""
    fine = timedelta(microseconds=456)
    event = await create(starts_at=now + timedelta(days=30) + fine, sale_opens_at=now + fine)
    assert (event.starts_at, event.sale_opens_at) == (now + timedelta(days=30), now)
    policy = events.RefundPolicy(event.refund_policy.last_moment(event.starts_at), 100)
    sent = draft(
        starts_at=event.starts_at, sale_opens_at=now, refund_policy=policy, title="새 제목"
    )
    assert (await rewrite(event, sent)).title == "새 제목"


async def test_a_layout_edited_since_does_not_stand_in_the_way(create, draft, rewrite):
    layout_id = new_id()
    seated = events.NewTier("VIP", 100, events.TierKind.SEATED, 10, "VIP")
    event = await create(layout_id=layout_id, tiers=(seated,))
    edited = replace(seated, price_minor=200, capacity=20)
    changed = await rewrite(event, draft(layout_id=layout_id, tiers=(edited,), title="새"))
    assert (changed.title, changed.tiers) == ("새", event.tiers)


async def test_an_ended_sale_does_not_open_again(create, draft, rewrite, now):
    event = await create()
    after = now + timedelta(days=21)
    with pytest.raises(EventEnded):
        await rewrite(event, draft(sale_closes_at=now + timedelta(days=25)), after)
    assert (await rewrite(event, draft(title="지난 공연"), after)).title == "지난 공연"


async def test_publishing_again_changes_nothing(runtime, create, now):
    event = await create()
    async with runtime.database.transaction() as tx:
        again = await events.publish_event(tx, event.id, now=now + timedelta(hours=1))
    assert again.published_at == event.published_at == now


async def test_a_cancelled_event_stays_cancelled(runtime, create, draft, rewrite, now):
    for publish in (False, True):
        event = await create(publish=publish)
        async with runtime.database.transaction() as tx:
            cancelled, was_now = await events.cancel_event(tx, event.id, now=now)
            assert was_now
            assert cancelled.status(now) is EventStatus.CANCELLED
            assert await events.cancel_event(tx, event.id, now=now) == (cancelled, False)
        with pytest.raises(EventCancelled):
            await rewrite(event, draft())
        with pytest.raises(EventCancelled):
            async with runtime.database.transaction() as tx:
                await events.publish_event(tx, event.id, now=now)


async def test_an_ended_event_is_not_cancelled(runtime, create, now):
    event = await create()
    with pytest.raises(EventEnded):
        async with runtime.database.transaction() as tx:
            await events.cancel_event(tx, event.id, now=now + timedelta(days=21))


async def test_only_drafts_are_deleted(runtime, create):
    draft, published = await create(publish=False), await create()
    async with runtime.database.transaction() as tx:
        assert await events.delete_draft(tx, draft.id) == draft
    with pytest.raises(EventPublished):
        async with runtime.database.transaction() as tx:
            await events.delete_draft(tx, published.id)
    for event_id in (draft.id, new_id()):
        with pytest.raises(NotFound):
            async with runtime.database.transaction() as tx:
                await events.delete_draft(tx, event_id)


@pytest.mark.parametrize(
    "fields",
    [
        {"tiers": ()},
        {"tiers": (events.NewTier("A", 1, GENERAL, 1), events.NewTier("A", 2, GENERAL, 1))},
    ],
)
async def test_an_event_needs_places_each_of_its_own_name(create, fields):
    with pytest.raises(Invalid):
        await create(**fields)


async def test_a_sale_opens_before_it_closes(create, now):
    with pytest.raises(Invalid):
        await create(sale_opens_at=now, sale_closes_at=now)


async def test_marks_say_whether_they_changed_anything(runtime, create):
    event = await create()
    async with runtime.database.transaction() as tx:
        assert await events.set_sold_out(tx, event.id, sold_out=True)
        assert not await events.set_sold_out(tx, event.id, sold_out=True)
        assert await events.set_queue_enabled(tx, event.id, enabled=True)
        assert not await events.set_queue_enabled(tx, event.id, enabled=True)
        changed = await events.get_event(tx, event.id)
    assert (changed.sold_out, changed.queue_enabled) == (True, True)


def _fields(new: events.NewEvent) -> dict:
    return {name: getattr(new, name) for name in new.__dataclass_fields__}
