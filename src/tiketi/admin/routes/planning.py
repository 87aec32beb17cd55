"""Calls that plan for an event's opening."""

from tiketi.admin import planning as use_cases
from tiketi.admin.access import get_managed_event, require_managed_event
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.planning import AudienceBody, ExpectedView, PlanQuery
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access
from tiketi.planning import api as planning
from tiketi.planning.api import AudienceView, Fleet, PlanView


@routes.put(
    "/events/{event_id}/audience",
    access=Access.ORGANIZER,
    body=AudienceBody,
    answer=ExpectedView,
    guard=require_managed_event,
)
async def expect_audience(call: Call[AudienceBody, None]) -> ExpectedView:
    """Say how many people are expected at the opening; the plan follows this number."""
    async with call.runtime.database.transaction() as tx:
        audience = await use_cases.expect_audience(
            tx, call.actor, call.path_id("event_id"), call.body.expected, now=call.now
        )
    return ExpectedView(expected=call.body.expected, audience=AudienceView.of(audience))


@routes.get("/events/{event_id}/plan", access=Access.ORGANIZER, query=PlanQuery, answer=PlanView)
async def get_plan(call: Call[None, PlanQuery]) -> PlanView:
    """The capacity plan: the expected audience, the tasks of each service, when to scale."""
    runtime = call.runtime
    async with runtime.database.latest() as reader:
        event = await get_managed_event(reader, call.actor, call.path_id("event_id"))
        plan = await planning.plan_event(
            reader,
            event,
            runtime.one(Fleet).services,
            server=runtime.settings.server,
            now=call.now,
            asked=call.query.audience,
        )
    return PlanView.of(plan)
