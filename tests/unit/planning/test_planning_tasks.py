"""From people to tasks: more people never need less, and nothing leaves the registry's bounds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.kernel.ids import new_id
from tiketi.planning import figures
from tiketi.planning.domain import AUDIENCE_MAX, Sale
from tiketi.planning.loads import loads_of
from tiketi.planning.sizing import plan_services, sockets_of_task, warnings_of
from tiketi.queue import estimate
from tiketi.services.registry import SERVICES, get_service
from tiketi.settings import Settings

OPENS = datetime(2026, 12, 1, 11, tzinfo=UTC)
SALE = Sale(
    event_id=new_id(),
    title="Winter",
    opens_at=OPENS,
    closes_at=OPENS + timedelta(days=20),
    places=50_000,
    queue_enabled=True,
    capacity=10_000,
    rate_per_minute=10_000,
    is_draw=False,
)
SERVERS = sorted(figures.BARE_PER_SECOND)
PEOPLE = st.integers(1, AUDIENCE_MAX)


@st.composite
def sales(draw):
    return replace(
        SALE,
        places=draw(st.integers(1, 100_000)),
        queue_enabled=draw(st.booleans()),
        capacity=draw(st.integers(0, 1_000_000)),
        rate_per_minute=draw(st.integers(0, 1_000_000)),
        is_draw=draw(st.booleans()),
    )


def tasks(people, sale=SALE, server="hypercorn"):
    return {plan.service: plan for plan in plan_services(sale, people, SERVICES, server=server)}


@given(sales(), PEOPLE, PEOPLE, st.sampled_from(SERVERS))
def test_more_people_never_need_fewer_tasks(sale, one, other, server):
    few, many = sorted((one, other))
    smaller, larger = tasks(few, sale, server), tasks(many, sale, server)
    for name, plan in smaller.items():
        assert plan.tasks_wanted <= larger[name].tasks_wanted
        assert plan.tasks <= larger[name].tasks


@given(sales(), PEOPLE, st.sampled_from(SERVERS))
def test_tasks_stay_within_the_registry(sale, people, server):
    for name, plan in tasks(people, sale, server).items():
        service = get_service(name)
        assert service.tasks_min <= plan.tasks <= service.tasks_max
        assert plan.overflows == (plan.tasks_wanted > service.tasks_max)


@given(sales(), PEOPLE)
def test_no_task_has_more_sockets_than_its_memory_holds(sale, people):
    plan = tasks(people, sale)["queue"]
    queue = get_service("queue")
    sockets_max = sockets_of_task(queue)
    assert plan.load.sockets <= plan.tasks_wanted * sockets_max
    half_its_memory_kib = queue.memory_gib * 1024 * 1024 // 2
    assert sockets_max * figures.SOCKET_KIB <= half_its_memory_kib


def test_a_million_people_make_the_peaks_that_the_system_is_designed_for():
    """docs/plan.md names the source: 1,000,000 present, 500,000 reads, 100,000 queue calls."""
    loads = loads_of(SALE, 1_000_000, "hypercorn")
    reads = loads["event"].calls_per_second["reads"] / (1 - figures.CDN_SHARE)
    assert reads == pytest.approx(500_000)
    calls = loads["queue"].calls_per_second
    asked = calls["joins"] + calls["connects"] + calls["polls"]
    assert asked == pytest.approx(100_000)
    assert loads["queue"].sockets == 1_000_000


def test_few_people_need_no_more_than_the_least():
    for plan in tasks(1_000, replace(SALE, capacity=1_000, rate_per_minute=600)).values():
        assert plan.tasks == plan.tasks_wanted == plan.tasks_min


def test_a_queue_keeps_the_crowd_from_the_seats():
    behind_it, without = tasks(1_000_000), tasks(1_000_000, replace(SALE, queue_enabled=False))
    assert behind_it["reservation"].load.cores < without["reservation"].load.cores / 10
    assert without["queue"].tasks == without["queue"].tasks_min


def test_a_draw_takes_the_rush_off_the_joins():
    fifo = loads_of(SALE, 1_000_000, "hypercorn")["queue"].calls_per_second
    draw = loads_of(replace(SALE, is_draw=True), 1_000_000, "hypercorn")["queue"]
    assert draw.calls_per_second["joins"] < fifo["joins"] / 4
    assert draw.calls_per_second["polls"] == figures.ASK_AT_OPENING_PER_SECOND


def test_no_more_is_paid_for_than_there_is():
    sale = replace(SALE, places=120)
    load = loads_of(sale, 1_000_000, "hypercorn")["payment"]
    assert load.calls_per_second["payments"] == pytest.approx(1.0)


def test_what_does_not_fit_is_said_with_a_remedy():
    people = 5_000_000
    plans = plan_services(SALE, people, SERVICES, server="hypercorn")
    said = warnings_of(SALE, people, plans)
    by_service = {plan.service: plan for plan in plans}
    wanted = by_service["queue"].tasks_wanted
    assert wanted > 100
    sentence = f"queue would need {wanted} tasks, at most 100: open the room earlier or by draw"
    assert sentence in said
    assert any("Redis shard" in line for line in said)
    assert warnings_of(SALE, 1_000, plan_services(SALE, 1_000, SERVICES, server="uvicorn")) == ()


def test_reservations_beyond_the_writer_are_said():
    sale = replace(SALE, rate_per_minute=1_000_000)
    said = warnings_of(sale, 1_000_000, plan_services(sale, 1_000_000, SERVICES, server="uvicorn"))
    assert any("PostgreSQL writer" in line and "lower the queue's" in line for line in said)


def test_every_server_has_a_figure():
    servers = Settings.model_fields["server"].annotation.__args__
    assert set(servers) == set(figures.BARE_PER_SECOND)


def test_the_crowd_asks_as_the_queue_tells_it_to():
    assert estimate.POLL_SECONDS_MIN <= figures.POLL_SECONDS_MEAN <= estimate.POLL_SECONDS_MAX
    assert figures.ASK_AT_OPENING_PER_SECOND == estimate.ASK_AT_OPENING_PER_SECOND
    assert Settings.model_fields["live_tick_seconds"].default == figures.LIVE_TICK_SECONDS
