"""A task that is told to stop gets to end what it began, before ECS kills it."""

from collections.abc import Iterator, Mapping

from deploy.check.finding import Finding
from deploy.check.templates import resources
from deploy.emit import Documents
from deploy.environment import Environment

# Fargate's own bound (read).
STOP_TIMEOUT_SECONDS_MAX = 120
# The supervisor's, over what its processes need: src/tiketi/cli/task.py.
SUPERVISOR_SECONDS = 8


def seconds_to_end(settings: Mapping[str, str]) -> int:
    """Notice, grace for requests, as much again for loops and stores, then the supervisor."""
    notice, grace = (
        int(settings[f"TIKETI_SHUTDOWN_{phase}_SECONDS"]) for phase in ("NOTICE", "GRACE")
    )
    return notice + 2 * grace + SUPERVISOR_SECONDS


def tasks_end_before_they_are_killed(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    for path, name, task in resources(documents, "AWS::ECS::TaskDefinition"):
        for container in task["ContainerDefinitions"]:
            settings = {one["Name"]: one["Value"] for one in container.get("Environment", ())}
            if "TIKETI_SHUTDOWN_NOTICE_SECONDS" not in settings:
                continue
            needed = seconds_to_end(settings)
            given = container.get("StopTimeout", 0)
            if given < needed:
                yield Finding(path, name, f"is killed after {given} s, and needs {needed}")
            if given > STOP_TIMEOUT_SECONDS_MAX:
                message = f"is given {given} s to stop, at most {STOP_TIMEOUT_SECONDS_MAX}"
                yield Finding(path, name, message)


RULES = (tasks_end_before_they_are_killed,)
