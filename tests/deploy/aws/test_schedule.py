import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.__main__ import app
from deploy.aws.services.schedule import make_scheduled
from deploy.check.lint import templates_are_lint_free
from deploy.check.templates import resources

PAGE = Path(__file__).parents[3] / "docs/plan.md"
OPENING = "2026-12-01T09:50:00Z"


@pytest.fixture(scope="module")
def plan():
    """The very example of docs/plan.md."""
    found = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return json.loads(found.group(1))


def action(service, at, tasks_min):
    return {"at": at, "service": service, "tasks_min": tasks_min, "tasks_max": 20}


def made(plan, *actions, event_id="one"):
    return json.dumps({**plan, "event_id": event_id, "actions": list(actions)})


def actions_of(documents):
    return {
        name: [
            (
                found["Schedule"],
                found["ScalableTargetAction"]["MinCapacity"],
                found["ScalableTargetAction"]["MaxCapacity"],
            )
            for found in target.get("ScheduledActions", ())
        ]
        for _, name, target in resources(documents, "AWS::ApplicationAutoScaling::ScalableTarget")
    }


def test_the_documented_plan_becomes_scheduled_actions(plan, prod):
    documents = make_scheduled(prod, [json.dumps(plan)])
    assert actions_of(documents) == {
        "AdminTarget": [],
        "AuthTarget": [("at(2026-12-01T09:50:00)", 4, 4), ("at(2026-12-01T11:40:00)", 2, 4)],
        "EventTarget": [("at(2026-12-01T10:20:00)", 15, 20), ("at(2026-12-01T11:40:00)", 2, 20)],
        "PaymentTarget": [],
        "QueueTarget": [("at(2026-12-01T10:20:00)", 29, 100), ("at(2026-12-01T11:40:00)", 10, 100)],
        "ReservationTarget": [],
    }
    assert list(templates_are_lint_free(documents, prod)) == []


def test_a_time_of_another_zone_is_written_in_utc(plan, prod):
    documents = make_scheduled(prod, [made(plan, action("event", "2026-12-01T20:00:00+09:00", 9))])
    assert actions_of(documents)["EventTarget"] == [("at(2026-12-01T11:00:00)", 9, 20)]


def test_two_plans_one_after_the_other_stand_together(plan, prod):
    first = made(plan, action("event", OPENING, 9), event_id="one")
    second = made(plan, action("event", "2026-12-02T09:50:00Z", 8), event_id="two")
    assert len(actions_of(make_scheduled(prod, [second, first]))["EventTarget"]) == 2


def test_plans_whose_times_mix_are_a_persons_to_join(plan, prod):
    around = made(
        plan,
        action("event", OPENING, 9),
        action("event", "2026-12-01T12:00:00Z", 2),
        event_id="one",
    )
    within = made(plan, action("event", "2026-12-01T11:00:00Z", 5), event_id="two")
    with pytest.raises(ValueError, match="one, two overlap for event"):
        make_scheduled(prod, [around, within])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version 2"),
        ({"actions": [action("nobody", OPENING, 1)]}, "names no service: nobody"),
        ({"actions": [action("event", "2026-12-01T09:50:00", 1)]}, "timezone"),
        ({"actions": [action("event", OPENING, -1)]}, "greater than or equal to 0"),
    ],
)
def test_what_is_no_plan_is_refused(plan, prod, changes, said):
    with pytest.raises(ValueError, match=said):
        make_scheduled(prod, [json.dumps({**plan, **changes})])


def test_the_command_writes_the_scaling_stack(plan, tmp_path):
    given = tmp_path / "plan.json"
    given.write_text(json.dumps(plan), encoding="utf-8")
    result = CliRunner().invoke(app, ["schedule", str(given), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "at(2026-12-01T09:50:00)" in (tmp_path / "out/aws/scaling.json").read_text("utf-8")


def test_the_command_says_what_is_wrong_with_a_plan(tmp_path):
    given = tmp_path / "plan.json"
    given.write_text("{}", encoding="utf-8")
    result = CliRunner().invoke(app, ["schedule", str(given), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_actions_are_what_application_auto_scaling_takes(plan, prod, cloud):
    client = cloud.client("application-autoscaling")
    documents = make_scheduled(prod, [json.dumps(plan)])
    count = 0
    for _, name, target in resources(documents, "AWS::ApplicationAutoScaling::ScalableTarget"):
        for found in target.get("ScheduledActions", ()):
            client.put_scheduled_action(
                ServiceNamespace="ecs",
                ScalableDimension="ecs:service:DesiredCount",
                ResourceId=f"service/tiketi-prod/{name}",
                **found,
            )
            count += 1
    listed = client.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    assert len(listed) == count == 6
