"""The whole plan of one sale: its audience, the tasks of each service, the times to scale."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tiketi.planning.domain import Audience, CapacityPlan, Sale, SizedService
from tiketi.planning.schedule import late_by, plan_actions
from tiketi.planning.sizing import plan_services, warnings_of


def make_plan(
    sale: Sale,
    audience: Audience,
    services: Sequence[SizedService],
    *,
    server: str,
    now: datetime,
) -> CapacityPlan:
    """The plan for the high end of the audience: a task too many costs less than an opening.

    ``server`` is the HTTP server that the services run; KeyError for one without a figure.
    """
    people = audience.high
    plans = plan_services(sale, people, services, server=server)
    warnings = list(warnings_of(sale, people, plans))
    if not sale.queue_enabled:
        warnings.append("the queue is off: everybody is at the seats at once")
    actions = plan_actions(sale, people, plans, now=now)
    if now >= sale.opens_at:
        warnings.append("the sale has opened: nothing is left to schedule")
    else:
        late = late_by(sale, plans, now)
        if late > timedelta(0):
            minutes = -(-late // timedelta(minutes=1))
            warnings.append(f"made {minutes} min too late for its first step: tasks may be cold")
    return CapacityPlan(
        sale=sale,
        made_at=now,
        server=server,
        audience=audience,
        planned_for=people,
        services=plans,
        actions=actions,
        warnings=tuple(warnings),
    )
