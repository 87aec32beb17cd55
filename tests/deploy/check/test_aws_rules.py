"""Each rule sees the one thing that is broken, and nothing where nothing is."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from deploy.__main__ import app
from deploy.aws.stacks import make_ecs, make_shared
from deploy.check import (
    balancer,
    connections,
    limits,
    lint,
    policies,
    ports,
    references,
    slots,
    stopping,
)
from deploy.check.run import RULES, check_documents
from deploy.environment import ENVIRONMENTS, Environment

AWS_RULES = (
    *slots.RULES,
    *balancer.RULES,
    *ports.RULES,
    *references.RULES,
    *limits.RULES,
    *policies.RULES,
    *connections.RULES,
    *stopping.RULES,
)


@pytest.fixture(scope="module")
def sound(prod):
    return {**make_shared(prod), **make_ecs(prod)}


@pytest.fixture
def broken(sound, prod):
    """Changes one template by a function, and says what a rule then finds."""

    def find(rule, stack, change):
        path = f"aws/{stack}.json"
        template = json.loads(sound[path])
        change(template)
        documents = {**sound, path: json.dumps(template)}
        return [f"{found.place}: {found.message}" for found in rule(documents, prod)]

    return find


def properties(template, name):
    return template["Resources"][name]["Properties"]


def test_sound_documents_have_no_findings(sound, prod):
    assert list(check_documents(sound, prod, AWS_RULES)) == []


def test_every_rule_runs():
    assert set(AWS_RULES) <= set(RULES)
    assert set(lint.RULES) <= set(RULES)


def test_slot_that_nobody_has_is_found(broken):
    def change(template):
        properties(template, "Redis")["NodeGroupConfiguration"][0]["Slots"] = "0-2729"

    assert broken(slots.slots_are_covered_once, "redis", change) == [
        "Redis: nobody has slot 2730 (1 such slots)"
    ]


def test_slot_of_two_shards_is_found(broken):
    def change(template):
        properties(template, "Redis")["NodeGroupConfiguration"][0]["Slots"] = "0-2731"

    assert broken(slots.slots_are_covered_once, "redis", change) == [
        "Redis: two have slot 2731 (1 such slots)"
    ]


def test_slots_that_the_keys_tags_were_not_made_for_are_found(broken):
    def change(template):
        groups = properties(template, "Redis")["NodeGroupConfiguration"]
        groups[0]["Slots"], groups[1]["Slots"] = "0-2999", "3000-5460"

    assert broken(slots.slots_are_covered_once, "redis", change) == []
    assert len(broken(slots.slots_agree_with_the_keyspace, "redis", change)) == 1


def test_priority_of_two_rules_is_found(broken):
    def change(template):
        properties(template, "QueueRule")["Priority"] = 10

    found = broken(balancer.priorities_are_unique, "balancer", change)
    assert found == [
        "AuthRule: priority 10 is another rule's too",
        "QueueRule: priority 10 is another rule's too",
    ]


def test_rule_with_too_many_values_is_found(broken):
    def change(template):
        config = properties(template, "QueueRule")["Conditions"][0]["PathPatternConfig"]
        config["Values"] = [f"/{number}" for number in range(6)]

    found = broken(balancer.balancer_keeps_its_quotas, "balancer", change)
    assert found == ["QueueRule: 6 condition values, a rule takes 5"]


def test_more_rules_than_a_balancer_takes_are_found(broken):
    def change(template):
        rule = template["Resources"]["QueueRule"]
        template["Resources"] |= {f"Rule{number}": rule for number in range(100)}

    found = broken(balancer.balancer_keeps_its_quotas, "balancer", change)
    assert found == [": 106 rules, a load balancer takes 100"]


def test_more_tasks_than_a_balancer_takes_are_found(sound, prod):
    crowded = replace(prod, tasks_share=3.0)
    (found,) = balancer.balancer_takes_every_task(sound, crowded)
    assert found.message == "1251 tasks, a load balancer takes 1000"


PORT_CHANGES = {
    "target group": ("balancer", lambda t: properties(t, "QueueTarget").update(Port=1)),
    "task": (
        "services",
        lambda t: properties(t, "QueueTask")["ContainerDefinitions"][0]["PortMappings"][0].update(
            ContainerPort=1
        ),
    ),
    "probe": (
        "services",
        lambda t: properties(t, "QueueTask")["ContainerDefinitions"][0]["HealthCheck"].update(
            Command=["CMD", "ask", "http://127.0.0.1:1/health"]
        ),
    ),
    "service": (
        "services",
        lambda t: properties(t, "QueueService")["LoadBalancers"][0].update(ContainerPort=1),
    ),
    "security group": (
        "network",
        lambda t: properties(t, "BalancerToQueueIn").update(FromPort=1, ToPort=3012),
    ),
}


@pytest.mark.parametrize("where", PORT_CHANGES)
def test_another_port_is_found_wherever_it_stands(broken, where):
    stack, change = PORT_CHANGES[where]
    found = broken(ports.aws_ports_agree, stack, change)
    assert len(found) == 1
    assert found[0].endswith("port 1, the registry has 3012")


def test_health_asked_at_another_path_is_found(broken):
    def change(template):
        properties(template, "AuthTarget")["HealthCheckPath"] = "/"

    found = broken(ports.aws_health_checks_agree, "balancer", change)
    assert found == ["AuthTarget: asks /, the registry has /health"]


def test_import_of_what_nobody_exports_is_found(broken):
    def change(template):
        del template["Outputs"]["VpcId"]

    found = broken(references.imports_are_exported_before, "network", change)
    assert found == ["tiketi-prod-VpcId: is exported by nobody"]


def test_import_from_a_stack_that_comes_later_is_found(broken):
    def change(template):
        vpc = properties(template, "Vpc")
        vpc["CidrBlock"] = {"Fn::ImportValue": "tiketi-prod-ClusterName"}

    found = broken(references.imports_are_exported_before, "network", change)
    assert found == ["tiketi-prod-ClusterName: is exported by aws/cluster.json, which comes later"]


def test_import_across_regions_is_found(broken):
    def change(template):
        acl = properties(template, "WebAcl")
        acl["Description"] = {"Fn::ImportValue": "tiketi-prod-HostedZoneId"}

    (found,) = broken(references.imports_are_exported_before, "edge-global", change)
    assert "in another region" in found


def test_name_exported_twice_is_found(broken):
    def change(template):
        template["Outputs"]["VpcCidr"]["Export"]["Name"] = "tiketi-prod-VpcId"

    found = broken(references.exported_names_are_unique, "network", change)
    assert found == ["tiketi-prod-VpcId: is exported by aws/network.json too"]


def secret_reference(template, variable):
    given = properties(template, "QueueTask")["ContainerDefinitions"][0]["Secrets"]
    return next(one for one in given if one["Name"] == variable)["ValueFrom"]["Fn::Join"][1]


def test_key_that_a_secret_does_not_have_is_found(broken):
    def change(template):
        secret_reference(template, "TIKETI_REDIS_URL")[1] = ":address::"

    (found,) = broken(references.task_secrets_exist, "services", change)
    assert found.endswith("tiketi-prod-RedisSecretArn has no key address")


def test_secret_that_is_not_given_is_found(broken):
    def change(template):
        given = properties(template, "QueueTask")["ContainerDefinitions"][0]["Secrets"]
        given[:] = [one for one in given if one["Name"] != "TIKETI_REDIS_URL"]

    found = broken(references.task_secrets_exist, "services", change)
    assert found == ["QueueTask: queue is not given TIKETI_REDIS_URL"]


def test_secret_of_another_service_is_found(broken):
    def change(template):
        (policy,) = properties(template, "QueueExecutionRole")["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            if "secretsmanager:GetSecretValue" in statement["Action"]:
                name = "tiketi-prod-PaymentsSecretArn"
                statement["Resource"].append({"Fn::ImportValue": name})

    (found,) = broken(references.tasks_read_their_own_secrets, "services", change)
    assert "may read tiketi-prod-PaymentsSecretArn" in found


LIMIT_CHANGES = {
    "resources": lambda t: t["Resources"].update(
        {f"More{number}": t["Resources"]["Vpc"] for number in range(500)}
    ),
    "outputs": lambda t: t["Outputs"].update(
        {f"More{number}": t["Outputs"]["VpcCidr"] for number in range(200)}
    ),
    "parameters": lambda t: t["Parameters"].update(
        {f"More{number}": t["Parameters"]["CloudFrontPrefixListId"] for number in range(200)}
    ),
    "dynamic references": lambda t: properties(t, "Vpc").update(
        Tags=["{{resolve:secretsmanager:x}}"] * 61
    ),
    "bytes": lambda t: properties(t, "Vpc").update(Tags=["x" * 1_000_000]),
    "bytes of description": lambda t: t.update(Description="x" * 1_025),
}


@pytest.mark.parametrize("what", LIMIT_CHANGES)
def test_template_beyond_a_quota_is_found(broken, what):
    found = broken(limits.templates_keep_their_quotas, "network", LIMIT_CHANGES[what])
    assert len(found) == 1
    assert f" {what}, at most " in found[0]


def test_output_without_a_description_is_found(broken):
    def change(template):
        del template["Outputs"]["VpcId"]["Description"]

    found = broken(limits.templates_say_what_they_are, "network", change)
    assert found == ["VpcId: has no description"]


@pytest.mark.parametrize(("units", "memory"), [("3000", "8192"), ("8192", "17408"), ("1024", "1")])
def test_task_of_a_size_that_fargate_has_not_is_found(broken, units, memory):
    def change(template):
        properties(template, "QueueTask").update(Cpu=units, Memory=memory)

    found = broken(limits.tasks_are_of_a_size_that_fargate_has, "services", change)
    assert found == [f"QueueTask: Fargate has no task of {units} units with {memory} MiB"]


def test_security_group_with_too_many_rules_is_found(broken):
    def change(template):
        rule = template["Resources"]["QueueToRedisIn"]
        template["Resources"] |= {f"More{number}": rule for number in range(60)}

    found = broken(limits.security_groups_keep_their_quota, "network", change)
    assert found == ["RedisSecurityGroup: 68 ingress rules, at most 60"]


def test_resource_with_too_many_tags_is_found(broken):
    def change(template):
        properties(template, "Vpc")["Tags"] = [{"Key": str(n), "Value": ""} for n in range(51)]

    found = broken(limits.resources_keep_their_tags, "network", change)
    assert found == ["Vpc: 51 tags, at most 50"]


def statement_of(template, role):
    return properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"][0]


STARS = {
    "allows the action secretsmanager:*": {"Action": ["secretsmanager:*"]},
    "allows secretsmanager:GetSecretValue on every resource": {"Resource": "*"},
    "allows secretsmanager:GetSecretValue on arn:aws:*": {"Resource": ["arn:aws:*"]},
    "allows everybody secretsmanager:GetSecretValue": {"Principal": "*"},
}


@pytest.mark.parametrize("message", STARS)
def test_star_without_a_reason_is_found(broken, message):
    def change(template):
        statement_of(template, "QueueExecutionRole").update(STARS[message])

    found = broken(policies.policies_have_no_star_without_a_reason, "services", change)
    assert found == [f"QueueExecutionRole: {message}"]


def test_pools_that_a_smaller_database_does_not_bear_are_found(sound, prod):
    small = replace(prod, database_instance_class="db.r6g.xlarge")
    found = list(connections.pools_fit_the_database(sound, small))
    assert [one.message for one in found] == ["the writer needs 4888 connections, 3604 are there"]


def test_instance_class_that_nobody_knows_is_found(sound, prod):
    other = replace(prod, database_instance_class="db.x9.huge")
    (found,) = connections.pools_fit_the_database(sound, other)
    assert "db.x9.huge is not in deploy/aws/stores/instances.py" in found.message


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (60, "is killed after 60 s, and needs 68"),
        (121, "is given 121 s to stop, at most 120"),
    ],
)
def test_task_that_is_killed_too_early_or_asks_too_much_is_found(broken, seconds, said):
    def change(template):
        properties(template, "QueueTask")["ContainerDefinitions"][0]["StopTimeout"] = seconds

    found = broken(stopping.tasks_end_before_they_are_killed, "services", change)
    assert found == [f"QueueTask: {said}"]


def test_what_cfn_lint_says_is_found_in_each_template(sound, prod):
    documents = {}
    for path in ("aws/dns.json", "aws/redis.json", "aws/secrets.json"):
        template = json.loads(sound[path])
        next(iter(template["Resources"].values()))["Properties"]["Nmae"] = "x"
        documents[path] = json.dumps(template)
    findings = list(lint.templates_are_lint_free(documents, prod))
    assert [finding.document for finding in findings] == list(documents)
    for finding in findings:
        assert finding.message.startswith("E3002")
        assert "Nmae" in finding.place + finding.message


def test_command_prints_each_finding_and_fails(monkeypatch):
    small = Environment("small", database_instance_class="db.r6g.xlarge")
    monkeypatch.setitem(ENVIRONMENTS, "small", small)
    result = CliRunner().invoke(app, ["check", "--env", "small", "--target", "ecs", "--no-lint"])
    assert result.exit_code == 1
    assert (
        "aws/database.json: Database: the writer needs 4888 connections, 3604 are there"
        " [pools_fit_the_database]" in result.output
    )
    assert "1 findings" in result.output


def test_command_is_content_with_what_is_emitted():
    result = CliRunner().invoke(app, ["check", "--env", "staging", "--no-lint"])
    assert result.exit_code == 0, result.output
