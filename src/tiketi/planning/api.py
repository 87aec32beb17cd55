"""The door of capacity planning: an event's audience, and what the system needs for it."""

from tiketi.planning.document import AudienceView, PlanView, plan_text, schema_text
from tiketi.planning.domain import (
    AUDIENCE_MAX,
    Audience,
    CapacityPlan,
    Sale,
    ScalingAction,
    ServicePlan,
    SizedService,
    Source,
)
from tiketi.planning.fleet import Fleet, open_fleet
from tiketi.planning.service import plan_event, predict

__all__ = [
    "AUDIENCE_MAX",
    "Audience",
    "AudienceView",
    "CapacityPlan",
    "Fleet",
    "PlanView",
    "Sale",
    "ScalingAction",
    "ServicePlan",
    "SizedService",
    "Source",
    "open_fleet",
    "plan_event",
    "plan_text",
    "predict",
    "schema_text",
]
