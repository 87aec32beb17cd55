"""An event's capacity plan (docs/plan.md) as scheduled actions of Application Auto Scaling."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from itertools import groupby

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from troposphere.applicationautoscaling import ScalableTargetAction, ScheduledAction

from deploy.aws.scaling import Actions, make_scaling
from deploy.aws.template import render_template
from deploy.environment import Environment
from tiketi.services.registry import SERVICES

PLAN_VERSION = 1
# Application Auto Scaling's own bound (its quotas: scheduled actions a scalable target).
ACTIONS_MAX = 200


class PlanAction(BaseModel):
    """One line of the plan's ``actions``; other fields are for people."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    at: AwareDatetime
    service: str
    tasks_min: int = Field(ge=0)
    tasks_max: int = Field(ge=1)


class PlanDocument(BaseModel):
    """What a schedule needs of ``tiketi plan --json``."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: int
    event_id: str
    actions: tuple[PlanAction, ...]


def read_plan(text: str) -> PlanDocument:
    """Raises ValueError for anything that is no plan of the version that is known here."""
    plan = PlanDocument.model_validate_json(text)
    if plan.version != PLAN_VERSION:
        raise ValueError(f"a plan of version {plan.version}; known is {PLAN_VERSION}")
    return plan


def scheduled_actions(plans: Sequence[PlanDocument], names: Iterable[str]) -> Actions:
    """By service, in the order of time. ``names`` are the services that there are.

    Raises ValueError for a service that is none of them, for two plans that set one service at
    overlapping times (which floor holds is a person's decision: docs/plan.md), and for too many.
    """
    known = set(names)
    found: dict[str, list[tuple[PlanDocument, PlanAction]]] = {}
    for plan in plans:
        for action in plan.actions:
            if action.service not in known:
                raise ValueError(f"the plan of {plan.event_id} names no service: {action.service}")
            found.setdefault(action.service, []).append((plan, action))
    made: dict[str, Sequence[ScheduledAction]] = {}
    for service, pairs in sorted(found.items()):
        pairs.sort(key=lambda pair: (pair[1].at, pair[0].event_id))
        _refuse_overlaps(service, [plan.event_id for plan, _ in pairs])
        if len(pairs) > ACTIONS_MAX:
            raise ValueError(f"{len(pairs)} actions of {service}; at most {ACTIONS_MAX}")
        made[service] = [_action(plan.event_id, action) for plan, action in pairs]
    return made


def make_scheduled(environment: Environment, plans: Sequence[str]) -> dict[str, str]:
    """The scaling stack with the actions of these plans, which are JSON texts.

    Raises ValueError as ``read_plan`` and ``scheduled_actions`` do.
    """
    names = [service.name for service in SERVICES]
    actions = scheduled_actions([read_plan(plan) for plan in plans], names)
    return {"aws/scaling.json": render_template(make_scaling(environment, SERVICES, actions))}


def _refuse_overlaps(service: str, events: Sequence[str]) -> None:
    """In the order of time each plan's actions stand together, unless two are mixed."""
    runs = [event for event, _ in groupby(events)]
    if len(runs) != len(set(runs)):
        raise ValueError(f"the plans of {', '.join(sorted(set(runs)))} overlap for {service}")


def _action(event_id: str, action: PlanAction) -> ScheduledAction:
    """Times of a schedule have no zone of their own: UTC, which is the default."""
    at = action.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return ScheduledAction(
        ScheduledActionName=f"{event_id}-{at.replace(':', '')}",
        Schedule=f"at({at})",
        Timezone="UTC",
        ScalableTargetAction=ScalableTargetAction(
            MinCapacity=action.tasks_min, MaxCapacity=action.tasks_max
        ),
    )
