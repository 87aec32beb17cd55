"""An event's capacity plan (docs/plan.md) as scheduled actions of Application Auto Scaling."""

from collections.abc import Iterable, Sequence
from datetime import UTC

from troposphere.applicationautoscaling import ScalableTargetAction, ScheduledAction

from deploy.aws.services.scaling import Actions, make_scaling
from deploy.aws.template import render_template
from deploy.environment import Environment
from deploy.plans import PlanAction, PlanDocument, actions_by_service, read_plan
from tiketi.services.registry import SERVICES

# Application Auto Scaling's own bound (its quotas: scheduled actions a scalable target).
ACTIONS_MAX = 200


def scheduled_actions(plans: Sequence[PlanDocument], names: Iterable[str]) -> Actions:
    """By service, in the order of time. ``names`` are the services that there are.

    Raises ValueError as ``actions_by_service`` does, and for too many.
    """
    made: dict[str, Sequence[ScheduledAction]] = {}
    for service, pairs in actions_by_service(plans, names).items():
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
