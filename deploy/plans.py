"""Events' capacity plans (docs/plan.md) as their actions, for whatever scales the services."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

PLAN_VERSION = 1


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


Planned = tuple[PlanDocument, PlanAction]


def read_plan(text: str) -> PlanDocument:
    """Raises ValueError for anything that is no plan of the version that is known here."""
    plan = PlanDocument.model_validate_json(text)
    if plan.version != PLAN_VERSION:
        raise ValueError(f"a plan of version {plan.version}; known is {PLAN_VERSION}")
    return plan


def actions_by_service(
    plans: Sequence[PlanDocument], names: Iterable[str]
) -> dict[str, list[Planned]]:
    """In the order of time. ``names`` are the services that there are.

    Raises ValueError for a service that is none of them, and for two plans that set one service
    at overlapping times: which floor holds is a person's decision (docs/plan.md).
    """
    known = set(names)
    found: dict[str, list[Planned]] = {}
    for plan in plans:
        for action in plan.actions:
            if action.service not in known:
                raise ValueError(f"the plan of {plan.event_id} names no service: {action.service}")
            found.setdefault(action.service, []).append((plan, action))
    for service, pairs in found.items():
        pairs.sort(key=lambda pair: (pair[1].at, pair[0].event_id))
        _refuse_overlaps(service, [plan.event_id for plan, _ in pairs])
    return dict(sorted(found.items()))


def _refuse_overlaps(service: str, events: Sequence[str]) -> None:
    """In the order of time each plan's actions stand together, unless two are mixed."""
    runs = [event for event, _ in groupby(events)]
    if len(runs) != len(set(runs)):
        raise ValueError(f"the plans of {', '.join(sorted(set(runs)))} overlap for {service}")
