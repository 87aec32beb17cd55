"""When to scale: up in steps that are over before the people come, back when the rush is."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tiketi.planning import figures as f
from tiketi.planning.domain import Sale, ScalingAction, ServicePlan
from tiketi.planning.loads import reservations_per_second

# When a service's load begins, before the opening: people sign in, look at the event, stand in
# line; then they choose and pay.
NEEDED_BEFORE = {
    "auth": timedelta(hours=1),
    "event": timedelta(minutes=30),
    "queue": timedelta(minutes=30),
    "reservation": timedelta(minutes=5),
    "payment": timedelta(minutes=5),
}
NEEDED_BEFORE_OTHERS = timedelta(minutes=30)
# A step's tasks are placed, pull the image, start and are found healthy.
WARM_UP = timedelta(minutes=10)
# A step is small enough for the stores to take its connections, and for quotas of launches.
STEP_TASKS_MAX = 25
STEP_EVERY = timedelta(minutes=2)
# The rush: longer than reckoned, never shorter than this, no longer than that.
RUSH_MARGIN = 1.5
RUSH_MIN, RUSH_MAX = timedelta(minutes=30), timedelta(hours=12)
# The last holds and payments: a hold, and its one extension.
TAIL = timedelta(minutes=10)
# A scheduler takes whole minutes that are still to come.
NOTICE_MIN = timedelta(minutes=1)


def plan_actions(
    sale: Sale, people: int, plans: Sequence[ServicePlan], *, now: datetime
) -> tuple[ScalingAction, ...]:
    """Every change of the bounds of scaling, in the order of time; none once the sale has opened.

    Steps whose time has passed are taken together, at the next whole minute.
    """
    soonest = _next_minute(now + NOTICE_MIN)
    if soonest >= sale.opens_at:
        return ()
    returns_at = returns_to_usual_at(sale, people)
    actions: dict[tuple[str, datetime], ScalingAction] = {}
    for plan in plans:
        if plan.tasks == plan.tasks_min:
            continue
        for action in _steps(plan, sale.opens_at):
            at = max(soonest, action.at)
            actions[plan.service, at] = ScalingAction(
                at, plan.service, action.tasks_min, action.tasks_max, action.reason
            )
        actions[plan.service, returns_at] = ScalingAction(
            returns_at, plan.service, plan.tasks_min, plan.tasks_max, "the rush is over"
        )
    return tuple(sorted(actions.values(), key=lambda action: (action.at, action.service)))


def late_by(sale: Sale, plans: Sequence[ServicePlan], now: datetime) -> timedelta:
    """How much too late the plan is made for all of its steps; not positive: in time."""
    soonest = _next_minute(now + NOTICE_MIN)
    firsts = [next(_steps(plan, sale.opens_at)).at for plan in plans if plan.tasks > plan.tasks_min]
    return max((soonest - first for first in firsts), default=timedelta(0))


def returns_to_usual_at(sale: Sale, people: int) -> datetime:
    """When everybody has been let in, or everything sold, with a margin; at the sale's end."""
    buyers = min(people, math.ceil(sale.places / f.PLACES_AN_ORDER / f.PAYMENT_SHARE))
    per_minute = reservations_per_second(sale, arrivals=float(people)) * 60
    minutes = buyers / per_minute * RUSH_MARGIN if per_minute > 0 else math.inf
    rush = RUSH_MAX if minutes * 60 > RUSH_MAX.total_seconds() else timedelta(minutes=minutes)
    return _next_minute(min(sale.opens_at + max(rush, RUSH_MIN), sale.closes_at) + TAIL)


def _steps(plan: ServicePlan, opens_at: datetime) -> Iterator[ScalingAction]:
    """Equal steps, the last of them warm when the service is needed."""
    more = plan.tasks - plan.tasks_min
    count = math.ceil(more / STEP_TASKS_MAX)
    needed_at = opens_at - NEEDED_BEFORE.get(plan.service, NEEDED_BEFORE_OTHERS)
    for number in range(1, count + 1):
        before = WARM_UP + (count - number) * STEP_EVERY
        yield ScalingAction(
            at=_whole_minute(needed_at - before),
            service=plan.service,
            tasks_min=plan.tasks_min + math.ceil(more * number / count),
            tasks_max=plan.tasks_max,
            reason=f"warm-up, step {number} of {count}",
        )


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _next_minute(moment: datetime) -> datetime:
    floor = _whole_minute(moment)
    return floor if floor == moment else floor + timedelta(minutes=1)
