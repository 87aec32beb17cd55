"""Layouts as they are kept, and the maps that events are given from them."""

import pytest
from sqlalchemy import text

from tests.support.on_sale import General, Section, open_sale
from tiketi.events import api as events
from tiketi.kernel.errors import Invalid, NotFound
from tiketi.kernel.ids import new_id
from tiketi.seats import api as seats
from tiketi.seats.api import LayoutInUse, LayoutRow, LayoutSeat, LayoutSection, SeatMaps

COUNTED = LayoutSection("VIP", rows=2, seats_per_row=3, price_minor=10, title="귀빈석", start_row=5)
LISTED = LayoutSection(
    "101",
    rows=(
        LayoutRow("A", (LayoutSeat(2, 0.5, 9.25), LayoutSeat(4, 1.5, 9, accessible=True))),
        LayoutRow("B", (LayoutSeat(1, 0, 10, companion=True),)),
    ),
)


@pytest.fixture
def keep(runtime):
    async def create(*sections, owner_id=None, name="Hall") -> seats.SeatLayout:
        async with runtime.database.transaction() as tx:
            return await seats.create_layout(
                tx,
                name=name,
                sections=sections or (COUNTED,),
                owner_id=owner_id,
                now=runtime.clock.now(),
            )

    return create


async def test_a_layout_is_kept_as_written(runtime, keep):
    layout = await keep(COUNTED, LISTED, owner_id=new_id())
    async with runtime.database.reader() as reader:
        assert await seats.get_layout(reader, layout.id) == layout
    assert layout.capacity == 9


async def test_a_wrong_layout_is_refused_and_not_kept(runtime, keep):
    with pytest.raises(Invalid):
        await keep(LayoutSection("vip", 1, 1))
    async with runtime.database.reader() as reader:
        assert (await seats.list_layouts(reader, seen_by=None, limit=1)).items == ()


async def test_organizers_see_their_own_layouts_and_the_house_s(runtime, keep):
    anna, boris = new_id(), new_id()
    house = await keep(name="house")
    hers = await keep(name="hers", owner_id=anna)
    his = await keep(name="his", owner_id=boris)
    async with runtime.database.reader() as reader:
        page = await seats.list_layouts(reader, seen_by=anna, limit=10)
        assert {item.name for item in page.items} == {"hers", "house"}
        everything = await seats.list_layouts(reader, seen_by=None, limit=10)
        assert {item.id for item in everything.items} == {his.id, hers.id, house.id}
        assert await seats.get_layout(reader, house.id, seen_by=anna) == house
        with pytest.raises(NotFound):
            await seats.get_layout(reader, his.id, seen_by=anna)


async def test_layouts_are_listed_page_by_page(runtime, keep):
    made = [(await keep(name=str(n))).id for n in range(5)]
    seen, cursor = [], None
    async with runtime.database.reader() as reader:
        for _ in range(3):
            page = await seats.list_layouts(reader, seen_by=None, limit=2, cursor=cursor)
            seen += [item.id for item in page.items]
            cursor = page.next_cursor
        assert cursor is None
        with pytest.raises(Invalid):
            await seats.list_layouts(reader, seen_by=None, limit=2, cursor="x")
    assert seen == sorted(made, reverse=True)


async def test_editing_a_layout_leaves_the_events_made_from_it(runtime):
    event = await open_sale(runtime, sections=(Section("A", 2, 5),))
    before = await SeatMaps(runtime).get(event.id)
    async with runtime.database.transaction() as tx:
        await seats.replace_layout(
            tx, event.layout_id, name="New", sections=[COUNTED], now=runtime.clock.now()
        )
    after = await SeatMaps(runtime).get(event.id)
    assert after.seat_ids == before.seat_ids
    assert len(after) == 10
    async with runtime.database.reader() as reader:
        assert (await seats.get_layout(reader, event.layout_id)).sections == (COUNTED,)
        assert await events.get_event(reader, event.id) == event


async def test_a_layout_in_use_is_not_deleted(runtime, keep):
    event, unused = await open_sale(runtime), await keep()
    with pytest.raises(LayoutInUse):
        async with runtime.database.transaction() as tx:
            await seats.delete_layout(tx, event.layout_id)
    async with runtime.database.transaction() as tx:
        await seats.delete_layout(tx, unused.id)
    for use_case in (
        lambda tx: seats.delete_layout(tx, unused.id),
        lambda tx: seats.get_layout(tx, unused.id),
        lambda tx: seats.replace_layout(
            tx, unused.id, name="x", sections=[COUNTED], now=runtime.clock.now()
        ),
    ):
        with pytest.raises(NotFound):
            async with runtime.database.transaction() as tx:
                await use_case(tx)


async def test_the_map_read_back_is_the_map_drawn(runtime, keep):
    layout = await keep(COUNTED, LISTED)
    tiers = seats.tiers_of(layout.sections, {"101": 7})
    event = await open_sale(runtime, sections=(), general=(General(),))
    made = [
        events.Tier(new_id(), event.id, n, t.name, t.price_minor, t.kind, t.section, t.capacity)
        for n, t in enumerate(tiers)
    ]
    async with runtime.database.transaction() as tx:
        await seats.open_map(tx, event.id, layout, made)
    seat_map = await SeatMaps(runtime).get(event.id)
    assert [(s.name, s.title, s.tier_id, s.first, s.size) for s in seat_map.sections] == [
        ("VIP", "귀빈석", made[0].id, 0, 6),
        ("101", "101", made[1].id, 6, 3),
    ]
    assert seat_map.seat_ids[5:] == ("VIP-6-3", "101-A-2", "101-A-4", "101-B-1")
    assert (seat_map.accessible, seat_map.companion) == (frozenset({7}), frozenset({8}))
    assert [list(row.numbers) for row in seat_map.sections[1].rows] == [[2, 4], [1]]


@pytest.mark.parametrize(
    ("capacity", "parts"),
    [(1, [1]), (999, [999]), (1000, [125] * 8), (1003, [126] * 3 + [125] * 5)],
)
async def test_many_general_places_are_split_over_several_rows(runtime, capacity, parts):
    event = await open_sale(runtime, sections=(), general=(General(capacity=capacity),))
    async with runtime.database.reader() as reader:
        rows = await reader.execute(
            text("""
                SELECT capacity, remaining FROM seats.general_bucket
                WHERE event_id = :event_id ORDER BY bucket"""),
            {"event_id": event.id},
        )
    assert [tuple(row) for row in rows] == [(part, part) for part in parts]


async def test_a_dropped_map_can_be_opened_again(runtime):
    event = await open_sale(runtime, general=(General(),), publish=False)
    async with runtime.database.transaction() as tx:
        layout = await seats.get_layout(tx, event.layout_id)
        await seats.drop_map(tx, event.id)
        await seats.open_map(tx, event.id, layout, event.tiers)
        await seats.open_general(tx, event.id, event.tiers[-1])
    assert len(await SeatMaps(runtime).get(event.id)) == 50


async def test_a_seat_without_a_place_on_the_map_is_noticed(runtime):
    event = await open_sale(runtime)
    (invariant,) = seats.MAP_INVARIANTS
    async with runtime.database.transaction() as tx:
        assert await invariant.violations(tx) == 0
        await tx.execute(text("DELETE FROM seats.seat WHERE seat_index = 7"))
        assert await invariant.violations(tx) == 1
        await tx.execute(text("DELETE FROM seats.seat_map"))
        assert await invariant.violations(tx) == 1
    assert event.tiers[0].capacity == 50


async def test_an_event_without_seats_has_an_empty_map(runtime):
    event = await open_sale(runtime, sections=(), general=(General(),))
    assert len(await SeatMaps(runtime).get(event.id)) == 0


async def test_fifty_thousand_seats_are_opened_in_one_transaction(runtime):
    event = await open_sale(runtime, sections=[Section(f"S{n}", 50, 100) for n in range(10)])
    seat_map = await SeatMaps(runtime).get(event.id)
    assert len(seat_map) == 50_000
    assert seat_map.find("S9-50-100").index == 49_999
    async with runtime.database.reader() as reader:
        rows = await reader.execute(
            text("""
                SELECT count(*), min(seat_index), max(seat_index), count(DISTINCT tier_id)
                FROM seats.seat WHERE event_id = :event_id AND state = 'a'"""),
            {"event_id": event.id},
        )
    assert tuple(rows.one()) == (50_000, 0, 49_999, 10)
