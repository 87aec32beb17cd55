import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.aws.network.addresses import subnet_ranges
from deploy.aws.network.stack import make_network
from deploy.aws.stacks import STACKS, make_ecs, make_shared
from deploy.aws.stores.database import make_database
from deploy.aws.template import render_template
from deploy.check.limits import TEMPLATE_BYTES_MAX
from deploy.check.lint import templates_are_lint_free
from deploy.check.templates import imports, read_templates, resources
from deploy.emit import make_documents
from deploy.environment import ENVIRONMENTS
from tests.deploy.aws.supported import is_supported
from tiketi.infra.keyspace import shards
from tiketi.services.registry import SERVICES
from tiketi.services.server.engine import KEEP_ALIVE_SECONDS

ROOT = Path(__file__).parents[3]
PRINT_DIGEST = """
import hashlib
from deploy.aws.stacks import make_ecs, make_shared
from deploy.environment import ENVIRONMENTS
prod = ENVIRONMENTS["prod"]
texts = {**make_shared(prod), **make_ecs(prod)}
print(hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest())
"""


def test_every_template_is_clean_for_cfn_lint(documents, prod):
    assert list(templates_are_lint_free(documents, prod)) == []


@pytest.mark.parametrize("changes", [{"database_serverless": True}, {"database_proxy": True}])
def test_options_of_the_database_are_clean_too(prod, changes):
    environment = replace(prod, **changes)
    stacks = {
        "aws/network.json": render_template(make_network(environment)),
        "aws/database.json": render_template(make_database(environment)),
    }
    assert list(templates_are_lint_free(stacks, environment)) == []


def test_the_same_list_makes_the_same_bytes_whatever_the_seed_of_hashes(prod):
    def digest(seed):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        }
        command = [sys.executable, "-c", PRINT_DIGEST]
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, cwd=ROOT
        ).stdout

    assert digest("1") == digest("2")
    assert make_documents(prod, "ecs") == make_documents(prod, "ecs")


def test_every_stack_is_emitted_and_can_be_handed_over(documents):
    assert {path for path, _ in read_templates(documents)} == {stack.path for stack in STACKS}
    sizes = {path: len(documents[path].encode()) for path, _ in read_templates(documents)}
    assert {path: size for path, size in sizes.items() if size > TEMPLATE_BYTES_MAX} == {}


def test_no_account_registry_or_secret_stands_in_a_template(documents):
    for path, _ in read_templates(documents):
        text = documents[path]
        assert "dkr.ecr" not in text, path
        assert "public.ecr" not in text, path
        for digits in range(len(text) - 12):
            assert not text[digits : digits + 12].isdigit(), f"{path}: an account's number?"


@pytest.fixture(scope="module")
def changed(prod):
    """The registry with another port, size and number of tasks for one service, and a new one."""
    event = next(service for service in SERVICES if service.name == "event")
    other = replace(event, port=3999, vcpu=4, memory_gib=9, tasks_min=7, tasks_max=33)
    seventh = replace(event, name="seventh", port=3777, prefixes=("seventh",), role="seventh_user")
    services = tuple(other if service is event else service for service in SERVICES)
    services = (*services, seventh)
    return {**make_shared(prod, services), **make_ecs(prod, services)}


def named(documents, kind, name):
    return next(made for _, logical, made in resources(documents, kind) if logical == name)


def test_a_changed_port_arrives_everywhere(changed):
    task = named(changed, "AWS::ECS::TaskDefinition", "EventTask")
    container = task["ContainerDefinitions"][0]
    settings = {item["Name"]: item["Value"] for item in container["Environment"]}
    assert container["PortMappings"][0]["ContainerPort"] == 3999
    assert settings["TIKETI_PORT"] == "3999"
    assert ":3999/health" in " ".join(container["HealthCheck"]["Command"])
    collector = task["ContainerDefinitions"][1]
    assert "127.0.0.1:3999" in collector["Environment"][0]["Value"]
    running = named(changed, "AWS::ECS::Service", "EventService")
    assert running["LoadBalancers"][0]["ContainerPort"] == 3999
    for name in ("EventTarget", "EventTargetNext"):
        group = named(changed, "AWS::ElasticLoadBalancingV2::TargetGroup", name)
        assert group["Port"] == 3999
    for way, ending in (("Ingress", "In"), ("Egress", "Out")):
        rule = named(changed, f"AWS::EC2::SecurityGroup{way}", f"BalancerToEvent{ending}")
        assert (rule["FromPort"], rule["ToPort"]) == (3999, 3999)
    assert "3011" not in json.dumps(changed["aws/services.json"])


def test_a_changed_size_arrives_in_the_task_and_in_its_scaling(changed):
    task = named(changed, "AWS::ECS::TaskDefinition", "EventTask")
    assert (task["Cpu"], task["Memory"]) == ("4096", "9216")
    target = named(changed, "AWS::ApplicationAutoScaling::ScalableTarget", "EventTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (7, 33)
    running = named(changed, "AWS::ECS::Service", "EventService")
    assert running["CapacityProviderStrategy"][0]["Base"] == 7


def test_a_new_service_has_everything_that_the_others_have(documents, changed):
    def of(found, service):
        return {
            (path, name.replace(service.capitalize(), "Some"), made["Type"])
            for path, template in read_templates(found)
            for name, made in template["Resources"].items()
            if service.capitalize() in name
        }

    assert of(changed, "seventh")
    # Of what is peculiar to a service, admin has the least.
    assert of(documents, "admin") - {
        ("aws/database.json", "SomePassword", "AWS::SecretsManager::Secret"),
        ("aws/edge.json", "SomeRecordA", "AWS::Route53::RecordSet"),
        ("aws/edge.json", "SomeRecordAAAA", "AWS::Route53::RecordSet"),
    } <= of(changed, "seventh")


def test_staging_is_small_and_may_be_thrown_away():
    documents = make_documents(ENVIRONMENTS["staging"], "ecs")
    database = named(documents, "AWS::RDS::DBCluster", "Database")
    assert database["DeletionProtection"] is False
    assert "ServerlessV2ScalingConfiguration" in database
    queue = named(documents, "AWS::ApplicationAutoScaling::ScalableTarget", "QueueTarget")
    assert (queue["MinCapacity"], queue["MaxCapacity"]) == (1, 10)
    running = named(documents, "AWS::ECS::Service", "QueueService")
    # A hundred and twenty-five per cent of one task is one task: nothing would ever be replaced.
    assert running["DeploymentConfiguration"]["MaximumPercent"] == 200


def test_redis_has_the_keyspaces_slots_a_replica_each_and_no_plain_text(documents):
    redis = named(documents, "AWS::ElastiCache::ReplicationGroup", "Redis")
    assert [group["Slots"] for group in redis["NodeGroupConfiguration"]] == [
        shard.slot_range for shard in shards()
    ]
    assert {group["ReplicaCount"] for group in redis["NodeGroupConfiguration"]} == {1}
    assert redis["TransitEncryptionEnabled"]
    assert "resolve:secretsmanager" in redis["AuthToken"]["Fn::Sub"]
    assert redis["MultiAZEnabled"]


def test_only_the_queues_clients_stay_with_their_task(documents):
    sticky = {
        name
        for _, name, group in resources(documents, "AWS::ElasticLoadBalancingV2::TargetGroup")
        if {"Key": "stickiness.enabled", "Value": "true"} in group["TargetGroupAttributes"]
    }
    assert sticky == {"QueueTarget"}
    queue = named(documents, "AWS::ElasticLoadBalancingV2::TargetGroup", "QueueTarget")
    attributes = {item["Key"]: item["Value"] for item in queue["TargetGroupAttributes"]}
    assert attributes["stickiness.type"] == "lb_cookie"
    assert attributes["stickiness.lb_cookie.duration_seconds"] == "3600"


def test_what_is_kept_at_the_edge_carries_nobodys_cookie(documents):
    """The balancer's cookie in a kept answer would bring all its readers to one task."""
    policies = {
        name: policy["OriginRequestPolicyConfig"]["CookiesConfig"]["CookieBehavior"]
        for _, name, policy in resources(documents, "AWS::CloudFront::OriginRequestPolicy")
    }
    for _, _, distribution in resources(documents, "AWS::CloudFront::Distribution"):
        kept = [
            behavior
            for behavior in distribution["DistributionConfig"]["CacheBehaviors"]
            if behavior["TargetOriginId"] == "balancer"
            and behavior["CachePolicyId"] in ({"Ref": "SlowCache"}, {"Ref": "LiveCache"})
        ]
        assert len(kept) == 4
        for behavior in kept:
            assert policies[behavior["OriginRequestPolicyId"]["Ref"]] == "none"


def test_an_idle_connection_is_closed_first_by_who_would_ask_next(documents):
    """Else a request meets a connection that is being closed, and is a 502."""
    balancer = named(documents, "AWS::ElasticLoadBalancingV2::LoadBalancer", "Balancer")
    attributes = {item["Key"]: item["Value"] for item in balancer["LoadBalancerAttributes"]}
    idle = int(attributes["idle_timeout.timeout_seconds"])
    kept = {
        origin["VpcOriginConfig"]["OriginKeepaliveTimeout"]
        for _, _, made in resources(documents, "AWS::CloudFront::Distribution")
        for origin in made["DistributionConfig"]["Origins"]
        if "VpcOriginConfig" in origin
    }
    assert max(kept) < idle < KEEP_ALIVE_SECONDS


def test_whichever_group_has_the_requests_is_watched_and_shown(documents):
    """A shifted deployment leaves a service's requests at its other target group."""
    exported = {
        output["Export"]["Name"]
        for name, output in json.loads(documents["aws/balancer.json"])["Outputs"].items()
        if "Target" in name and name.endswith("Name")
    }
    watched = {}
    for path, _, alarm in resources(documents, "AWS::CloudWatch::Alarm"):
        if path == "aws/observability.json":
            for group in imports(alarm.get("Dimensions", [])):
                watched.setdefault(group, set()).add(alarm["MetricName"])
    wanted = {"HTTPCode_Target_5XX_Count", "TargetResponseTime", "UnHealthyHostCount"}
    assert {group: watched[group] & wanted for group in exported} == dict.fromkeys(exported, wanted)
    sale = named(documents, "AWS::CloudWatch::Dashboard", "SaleDashboard")
    assert exported <= set(imports(sale))


def test_on_kubernetes_somebody_is_told_of_the_stores_too(prod):
    alarms = [
        alarm for _, _, alarm in resources(make_documents(prod, "eks"), "AWS::CloudWatch::Alarm")
    ]
    assert {alarm["Namespace"] for alarm in alarms} == {"AWS/RDS", "AWS/ElastiCache"}
    assert all(alarm["AlarmActions"] for alarm in alarms)


def test_the_stores_are_called_by_services_and_the_migration_alone(documents):
    callers = {"database": set(), "redis": set()}
    for _, name, rule in resources(documents, "AWS::EC2::SecurityGroupIngress"):
        if name.startswith("Kubernetes"):
            continue  # its pods, where there are any
        for store, found in callers.items():
            if rule["GroupId"] == {"Ref": f"{store.capitalize()}SecurityGroup"}:
                found.add(rule["SourceSecurityGroupId"]["Ref"])
                assert "CidrIp" not in rule, name
    wanted = {f"{service.name.capitalize()}SecurityGroup" for service in SERVICES}
    wanted |= {"MigrationSecurityGroup"}
    assert callers == {"database": wanted, "redis": wanted}


def test_flow_logs_find_their_group(documents):
    """Without any one of these they stand in "access error" (AWS, "IAM role for flow logs")."""
    role = named(documents, "AWS::IAM::Role", "FlowLogRole")
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert {action for statement in statements for action in statement["Action"]} >= {
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    }


def test_nodes_reach_aws_before_their_clusters_group_is_known(documents, prod):
    """The endpoints' private names are every node's: it pulls its first images by them."""
    rules = json.loads(documents["aws/network.json"])["Resources"].values()
    ranges = {
        rule["Properties"].get("CidrIp")
        for rule in rules
        if rule["Type"] == "AWS::EC2::SecurityGroupIngress"
        and rule["Properties"]["GroupId"] == {"Ref": "EndpointsSecurityGroup"}
        and "Condition" not in rule
    }
    assert {place.cidr for place in subnet_ranges(prod) if place.layer == "app"} <= ranges


def test_the_guide_names_every_parameter_and_output(documents):
    guide = documents["aws/README.md"]
    for path, template in read_templates(documents):
        assert f"--template-file {path.removeprefix('aws/')} " in guide
        for section in ("Parameters", "Outputs"):
            for name in template.get(section, {}):
                assert f"| `{name}` |" in guide, f"{path} {name}"


def test_the_page_has_the_stacks_figures(documents):
    """The table of docs/deploy.md, whose figures are prod's."""
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    for stack in STACKS:
        text = documents[stack.path]
        template = json.loads(text)
        target = "both" if stack.kind == "shared" else stack.kind
        made = sum(is_supported(one) for one in template["Resources"].values())
        figures = f"{len(template['Resources'])} | {round(len(text.encode()) / 1000)} kB | {made}"
        assert f"| {stack.name} | {target} | {figures} |" in page
