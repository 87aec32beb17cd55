"""Lists of events: in order, page by page, found by what people type."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tiketi.events import api as events
from tiketi.events.api import EventFilter, EventSort, EventStatus, Venue
from tiketi.events.listing import read_position
from tiketi.events.repository_list import STATUS
from tiketi.infra.http.wire import encode_cursor
from tiketi.kernel.errors import Invalid
from tiketi.kernel.ids import new_id


@pytest.fixture
def titles(runtime, now):
    """The titles that a list shows."""

    async def find(wanted: EventFilter, **options) -> list[str]:
        async with runtime.database.reader() as reader:
            page = await events.list_events(reader, wanted, **{"limit": 100, "now": now, **options})
        return [item.title for item in page.items]

    return find


async def test_the_database_and_the_code_agree_on_every_status(runtime, create, now):
    """Over every combination of marks, a moment before, at and after each bound."""
    event = await create()
    bounds = (event.sale_opens_at, event.sale_closes_at)
    moments = [at + timedelta(microseconds=step) for at in bounds for step in (-1, 0, 1)]
    marks = text("""
        UPDATE events.event SET sold_out = :sold_out,
            published_at = CASE WHEN :published THEN CAST(:now AS timestamptz) END,
            cancelled_at = CASE WHEN :cancelled THEN CAST(:now AS timestamptz) END""")
    status = text(f"SELECT {STATUS} FROM events.event AS e")  # a constant
    seen = set()
    for bits in range(8):
        async with runtime.database.transaction() as tx:
            values = {
                "sold_out": bits & 1 > 0,
                "published": bits & 2 > 0,
                "cancelled": bits & 4 > 0,
            }
            await tx.execute(marks, {**values, "now": now})
            changed = await events.get_event(tx, event.id)
            for moment in moments:
                in_sql = (await tx.execute(status, {"now": moment})).scalar_one()
                assert in_sql == changed.status(moment), (values, moment)
                seen.add(in_sql)
    assert seen == {each.value for each in EventStatus}


async def test_each_status_lists_its_own(create, titles, runtime, now):
    hour, day = timedelta(hours=1), timedelta(days=1)
    await create(title="draft", publish=False)
    await create(title="upcoming", sale_opens_at=now + hour)
    await create(title="on_sale")
    await create(title="ended", sale_opens_at=now - 2 * day, sale_closes_at=now)
    for title in ("sold_out", "cancelled"):
        event = await create(title=title)
        async with runtime.database.transaction() as tx:
            if title == "sold_out":
                await events.set_sold_out(tx, event.id, sold_out=True)
            else:
                await events.cancel_event(tx, event.id, now=now)
    for status in EventStatus:
        expected = [] if status is EventStatus.DRAFT else [status.value]
        assert await titles(EventFilter(status=status)) == expected
    everything = EventFilter(status=EventStatus.DRAFT, visible_only=False)
    assert await titles(everything) == ["draft"]


async def test_an_organizer_sees_their_own_drafts_too(create, titles):
    mine = new_id()
    await create(title="mine", publish=False, organizer_id=mine)
    await create(title="another's", organizer_id=new_id())
    assert await titles(EventFilter(organizer_id=mine, visible_only=False)) == ["mine"]


async def test_a_summary_shows_the_range_of_prices(runtime, create, now):
    general = events.TierKind.GENERAL
    tiers = tuple(
        events.NewTier(f"T{n}", price, general, 1) for n, price in enumerate((30, 10, 20))
    )
    await create(tiers=tiers)
    async with runtime.database.reader() as reader:
        page = await events.list_events(reader, EventFilter(), limit=1, now=now)
    (item,) = page.items
    assert (item.price_minor_min, item.price_minor_max, item.status) == (10, 30, "on_sale")
    assert page.next_cursor is None


@pytest.mark.parametrize("sort", EventSort)
async def test_pages_hold_every_event_once_in_order(runtime, create, now, sort):
    """Many start at the same moment, so that the id has to decide."""
    made = [
        await create(
            starts_at=now + timedelta(days=30 + n % 3),
            sale_opens_at=now - timedelta(hours=1 + n % 2),
        )
        for n in range(11)
    ]
    moment = {event.id: getattr(event, sort.column) for event in made}
    expected = sorted(moment, key=lambda at: (moment[at], at), reverse=sort.is_descending)
    for limit in (1, 3, 11, 100):
        seen, cursor = [], None
        async with runtime.database.reader() as reader:
            for _ in range(12):
                page = await events.list_events(
                    reader, EventFilter(), sort=sort, limit=limit, cursor=cursor, now=now
                )
                assert len(page.items) <= limit
                seen += [item.id for item in page.items]
                cursor = page.next_cursor
                if cursor is None:
                    break
        assert seen == expected


async def test_a_page_is_not_moved_by_events_that_come_meanwhile(runtime, create, now):
    for day in (2, 4):
        await create(title=f"day {day}", starts_at=now + timedelta(days=day), sale_closes_at=None)
    async with runtime.database.reader() as reader:
        first = await events.list_events(reader, EventFilter(), limit=1, now=now)
    for day in (1, 3):
        await create(title=f"day {day}", starts_at=now + timedelta(days=day), sale_closes_at=None)
    async with runtime.database.reader() as reader:
        rest = await events.list_events(
            reader, EventFilter(), limit=10, cursor=first.next_cursor, now=now
        )
    assert [item.title for item in rest.items] == ["day 3", "day 4"]


async def test_from_and_to_are_about_the_start_and_included(create, titles, now):
    for day in (1, 2, 3):
        await create(title=str(day), starts_at=now + timedelta(days=day), sale_closes_at=None)
    second = now + timedelta(days=2)
    assert await titles(EventFilter(starts_from=second)) == ["2", "3"]
    assert await titles(EventFilter(starts_to=second)) == ["1", "2"]
    assert await titles(EventFilter(starts_from=second, starts_to=second)) == ["2"]


EVENTS = {
    "Coldplay": ("Music of the Spheres", "Coldplay", "고척스카이돔"),
    "BTS": ("방탄소년단 월드투어", "BTS", "서울올림픽주경기장"),
    "Taylor": ("The Eras Tour", "Taylor Swift", "Tokyo Dome"),
    "Beyoncé": ("Renaissance", "Beyoncé", "잠실 종합운동장"),
    "G-IDLE": ("Just Me", "(G)I-DLE (여자)아이들", "KSPO DOME"),
    "Sonata": ("피아노 소나타의 밤", "손열음", "예술의전당 콘서트홀"),
}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("coldplay", "Coldplay"),
        ("Coldpaly", "Coldplay"),
        ("Clodplay", "Coldplay"),
        ("cold play", "Coldplay"),
        ("coldpl", "Coldplay"),
        ("sphere", "Coldplay"),
        ("고척돔", "Coldplay"),
        ("고척 스카이", "Coldplay"),
        ("방탄소년단", "BTS"),
        ("방탄소년당", "BTS"),
        ("벙탄소년단", "BTS"),
        ("방탄", "BTS"),
        ("방탄손", "BTS"),
        ("방탄소녀", "BTS"),
        ("방ㅌ", "BTS"),
        ("방탄 소년단", "BTS"),
        ("소년단 투어", "BTS"),
        ("bts", "BTS"),
        ("bts 올림픽주경기장", "BTS"),
        ("taylr swift", "Taylor"),
        ("Tayolr Swift", "Taylor"),
        ("taylor swit", "Taylor"),
        ("beyonce", "Beyoncé"),
        ("Beyonec", "Beyoncé"),
        ("잠실", "Beyoncé"),
        ("gidle", "G-IDLE"),
        ("g-idle", "G-IDLE"),
        ("여자 아이들", "G-IDLE"),
        ("피아노 소나타", "Sonata"),
        ("피야노 소나타", "Sonata"),
        ("예술에전당", "Sonata"),
    ],
)
async def test_people_find_what_they_mean(create, titles, typed, found):
    for name, (title, artist, venue) in EVENTS.items():
        await create(title=f"{name}: {title}", artist=artist, venue=Venue(venue, "", "Asia/Seoul"))
    (only,) = await titles(EventFilter(query=typed))
    assert only.startswith(found)


@pytest.mark.parametrize("typed", ["coldplay 방탄", "zzzz", "love", "100%", "_", "🎸", "' OR 1=1"])
async def test_what_is_not_there_is_not_found(create, titles, typed):
    for name, (title, artist, venue) in EVENTS.items():
        await create(title=f"{name}: {title}", artist=artist, venue=Venue(venue, "", "Asia/Seoul"))
    assert await titles(EventFilter(query=typed)) == []


async def test_what_has_the_words_comes_alone(create, titles):
    for title in ("Midnight", "Midnite", "Noon"):
        await create(title=title)
    assert await titles(EventFilter(query="midnight")) == ["Midnight"]
    assert sorted(await titles(EventFilter(query="midnihgt"))) == ["Midnight", "Midnite"]


async def test_pages_of_what_only_resembles_go_on_resembling(runtime, create, now):
    made = [(await create(title="Coldplay")).id for _ in range(3)]
    seen, cursor = [], None
    async with runtime.database.reader() as reader:
        for _ in range(3):
            page = await events.list_events(
                reader, EventFilter(query="Coldpaly"), limit=1, cursor=cursor, now=now
            )
            seen += [item.id for item in page.items]
            cursor = page.next_cursor
    assert (seen, cursor) == (sorted(made), None)


async def test_a_changed_text_is_found_by_its_new_words(runtime, create, draft, titles, now):
    event = await create(title="Old name")
    async with runtime.database.transaction() as tx:
        await events.replace_event(tx, event.id, draft(title="Quite another"), now=now)
    assert await titles(EventFilter(query="another")) == ["Quite another"]
    assert await titles(EventFilter(query="old name")) == []


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: raw.hex()))
def test_no_text_is_a_cursor_by_chance(cursor):
    with pytest.raises(Invalid):
        read_position(cursor, EventSort.STARTS_AT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(JSON | st.just("starts_at") | st.datetimes().map(str), max_size=4))
def test_no_json_in_a_cursor_breaks_it(parts):
    try:
        cursor = encode_cursor(*parts)
    except TypeError:
        return  # no JSON, such as an integer beyond 64 bits
    with pytest.raises(Invalid):
        read_position(cursor, EventSort.STARTS_AT)


async def test_a_cursor_belongs_to_its_order(now):
    cursor = encode_cursor("starts_at", now, new_id(), 0)
    assert read_position(cursor, EventSort.STARTS_AT).moment == now
    for sort in (EventSort.STARTS_AT_DESCENDING, EventSort.SALE_OPENS_AT):
        with pytest.raises(Invalid):
            read_position(cursor, sort)
