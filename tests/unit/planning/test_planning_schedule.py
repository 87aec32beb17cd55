"""When to scale: before the people come, in small steps, and back again."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given

from tests.unit.planning.test_planning_tasks import OPENS, PEOPLE, SALE, sales
from tiketi.planning.planner import make_plan
from tiketi.planning.prediction import asked_audience
from tiketi.planning.schedule import NEEDED_BEFORE, RUSH_MAX, STEP_TASKS_MAX, TAIL, WARM_UP
from tiketi.services.registry import SERVICES, get_service

EARLY = OPENS - timedelta(days=7)


def plan(people, sale=SALE, now=EARLY, server="hypercorn"):
    return make_plan(sale, asked_audience(people), SERVICES, server=server, now=now)


def ups(made, service):
    usual = get_service(service).tasks_min
    return [a for a in made.actions if a.service == service and a.tasks_min > usual]


@given(sales(), PEOPLE)
def test_every_step_up_is_warm_before_the_opening(sale, people):
    made = plan(people, sale)
    for service in made.services:
        steps = ups(made, service.service)
        assert bool(steps) == (service.tasks > service.tasks_min)
        for step in steps:
            assert step.at + WARM_UP + NEEDED_BEFORE[service.service] <= sale.opens_at
            assert step.at > EARLY


@given(sales(), PEOPLE)
def test_steps_grow_to_the_plan_and_are_small(sale, people):
    made = plan(people, sale)
    for service in made.services:
        reached = service.tasks_min
        for step in ups(made, service.service):
            assert 0 < step.tasks_min - reached <= STEP_TASKS_MAX
            assert step.tasks_max == service.tasks_max
            reached = step.tasks_min
        assert reached == service.tasks


@given(sales(), PEOPLE)
def test_what_went_up_comes_back_after_the_opening_and_soon_after_the_sale(sale, people):
    made = plan(people, sale)
    for service in made.services:
        last = [action for action in made.actions if action.service == service.service][-1:]
        if service.tasks > service.tasks_min:
            assert last[0].tasks_min == service.tasks_min
            assert sale.opens_at < last[0].at <= sale.closes_at + TAIL + timedelta(minutes=1)
            assert last[0].at <= sale.opens_at + RUSH_MAX + TAIL + timedelta(minutes=1)
        else:
            assert last == []


def test_actions_are_in_the_order_of_time_on_whole_minutes():
    actions = plan(1_000_000).actions
    assert actions == tuple(sorted(actions, key=lambda action: action.at))
    assert all(action.at.second == action.at.microsecond == 0 for action in actions)


def test_a_late_plan_takes_its_steps_at_once_and_says_so():
    made = plan(1_000_000, now=OPENS - timedelta(minutes=20))
    first = made.actions[0].at
    assert first == OPENS - timedelta(minutes=19)
    (queue,) = ups(made, "queue")
    assert (queue.at, queue.tasks_min) == (first, 45)
    assert any("too late" in line for line in made.warnings)
    assert not any("too late" in line for line in plan(1_000_000).warnings)


def test_after_the_opening_there_is_nothing_to_schedule():
    made = plan(1_000_000, now=OPENS)
    assert made.actions == ()
    assert "the sale has opened: nothing is left to schedule" in made.warnings


def test_a_longer_rush_is_followed_longer():
    quick = plan(1_000_000, replace(SALE, rate_per_minute=10_000, places=1_000)).actions[-1].at
    slow = plan(1_000_000, replace(SALE, rate_per_minute=100)).actions[-1].at
    nobody_in = plan(1_000_000, replace(SALE, rate_per_minute=0)).actions[-1].at
    assert quick < slow <= nobody_in


def test_a_queue_that_is_off_is_warned_of():
    sale = replace(SALE, queue_enabled=False)
    assert any("queue is off" in line for line in plan(1_000, sale).warnings)
