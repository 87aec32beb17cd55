"""The plan as a document: what the console, `tiketi plan --json` and deploy/ read."""

import json
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from tiketi.infra.http.wire import Moment, View
from tiketi.planning.domain import Audience, CapacityPlan, ScalingAction, ServicePlan, Source

FORMAT_VERSION = 1
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class AudienceView(View):
    low: int
    expected: int
    high: int
    source: Source
    reason: str = Field(description="Where the figures come from, in words.")

    @classmethod
    def of(cls, audience: Audience) -> "AudienceView":
        return cls(
            low=audience.low,
            expected=audience.expected,
            high=audience.high,
            source=audience.source,
            reason=audience.reason,
        )


class ServicePlanView(View):
    """What a service runs at the opening, and why: its load in the busiest second."""

    service: str
    tasks: int = Field(description="What to run: tasks_wanted, tasks_max at most.")
    tasks_wanted: int
    tasks_min: int
    tasks_max: int
    calls_per_second: dict[str, float]
    cores: float = Field(description="The calls' work, in cores wholly busy.")
    sockets: int

    @classmethod
    def of(cls, plan: ServicePlan) -> "ServicePlanView":
        calls = plan.load.calls_per_second.items()
        return cls(
            service=plan.service,
            tasks=plan.tasks,
            tasks_wanted=plan.tasks_wanted,
            tasks_min=plan.tasks_min,
            tasks_max=plan.tasks_max,
            calls_per_second={name: round(rate, 1) for name, rate in calls},
            cores=round(plan.load.cores, 2),
            sockets=plan.load.sockets,
        )


class ScalingActionView(View):
    """From `at` on, scaling keeps the service between `tasks_min` and `tasks_max`."""

    at: Moment
    service: str
    tasks_min: int
    tasks_max: int
    reason: str

    @classmethod
    def of(cls, action: ScalingAction) -> "ScalingActionView":
        return cls(
            at=action.at,
            service=action.service,
            tasks_min=action.tasks_min,
            tasks_max=action.tasks_max,
            reason=action.reason,
        )


class PlanView(View):
    """A capacity plan: tasks a service, and when to scale. docs/plan.md says how it is made."""

    version: Literal[1]
    event_id: UUID
    title: str
    made_at: Moment
    sale_opens_at: Moment
    server: str = Field(description="The HTTP server that the figures are of: TIKETI_SERVER.")
    audience: AudienceView
    planned_for: int = Field(description="People; the audience's high end.")
    services: list[ServicePlanView]
    actions: list[ScalingActionView] = Field(description="In the order of time.")
    warnings: list[str] = Field(description="What these tasks do not bear, and what to do.")

    @classmethod
    def of(cls, plan: CapacityPlan) -> "PlanView":
        return cls(
            version=FORMAT_VERSION,
            event_id=plan.sale.event_id,
            title=plan.sale.title,
            made_at=plan.made_at,
            sale_opens_at=plan.sale.opens_at,
            server=plan.server,
            audience=AudienceView.of(plan.audience),
            planned_for=plan.planned_for,
            services=[ServicePlanView.of(service) for service in plan.services],
            actions=[ScalingActionView.of(action) for action in plan.actions],
            warnings=list(plan.warnings),
        )


def plan_text(plan: CapacityPlan) -> str:
    """The document as `tiketi plan --json` prints it."""
    content = PlanView.of(plan).model_dump(mode="json")
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def plan_schema() -> dict[str, Any]:
    """The document's JSON Schema in the 2020-12 dialect."""
    schema = PlanView.model_json_schema(mode="serialization")
    return {"$schema": _DIALECT, **schema, "title": "Tiketi capacity plan"}


def schema_text() -> str:
    """What docs/plan.schema.json holds, byte for byte."""
    return json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"
