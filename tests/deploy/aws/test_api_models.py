"""What moto's CloudFormation cannot create is asked of the services themselves: their clients
refuse a parameter that the service's own model does not have, moto a value that it knows is wrong.
"""

import pytest

from deploy.check.templates import resources

PLAIN = "left-out"
_INTRINSIC = ("Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::Sub", "Fn::Join")


def plain(value):
    """Without CloudFormation's functions: a text, or a list of one, stands for each."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Split" in value:
        return [PLAIN]
    if any(name in value for name in _INTRINSIC):
        return PLAIN
    return {key: plain(item) for key, item in value.items() if key != "Tags"}


def lower(value):
    """As the API of the logs spells its names."""
    if isinstance(value, list):
        return [lower(item) for item in value]
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lower(item) for key, item in value.items()}
    return value


def found(documents, kind):
    return [(name, plain(made)) for _, name, made in resources(documents, kind)]


def test_every_alarm_is_one(cloud, documents):
    client = cloud.client("cloudwatch")
    alarms = found(documents, "AWS::CloudWatch::Alarm")
    for name, made in alarms:
        client.put_metric_alarm(AlarmName=name, **made)
    pages = client.get_paginator("describe_alarms").paginate()
    listed = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
    assert sorted(listed) == sorted(name for name, _ in alarms)


def test_error_lines_are_counted(cloud, documents):
    client = cloud.client("logs")
    filters = found(documents, "AWS::Logs::MetricFilter")
    for name, made in filters:
        group = f"{made['LogGroupName']}-of-its-own"
        client.create_log_group(logGroupName=group)
        client.put_metric_filter(filterName=name, **lower({**made, "LogGroupName": group}))
    assert len(filters) == 6


@pytest.mark.usefixtures("stacks")  # moto looks for the services
def test_services_scale_by_processor_and_the_queue_by_its_length(cloud, documents):
    client = cloud.client("application-autoscaling")
    bounds = {}
    for name, made in found(documents, "AWS::ApplicationAutoScaling::ScalableTarget"):
        if made["ServiceNamespace"] != "ecs":
            continue
        service = name.removesuffix("Target").lower()
        target = {**made, "ResourceId": f"service/tiketi-prod/{service}"}
        client.register_scalable_target(**target)
        bounds[service] = target
    policies = [
        (name, made)
        for name, made in found(documents, "AWS::ApplicationAutoScaling::ScalingPolicy")
        if "Readers" not in name
    ]
    for name, made in policies:
        service = name.partition("By")[0].lower()
        target = bounds[service]
        client.put_scaling_policy(
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=target["ResourceId"],
            **{key: value for key, value in made.items() if key != "ScalingTargetId"},
        )
    listed = client.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert len(listed) == len(policies) == 7
    (waiting,) = (policy for policy in listed if policy["PolicyName"] == "QueueByWaiting")
    tracked = waiting["TargetTrackingScalingPolicyConfiguration"]
    assert tracked["TargetValue"] == 20_000
    assert (tracked["ScaleOutCooldown"], tracked["ScaleInCooldown"]) == (60, 300)


OTHERS = {
    "AWS::ElastiCache::ReplicationGroup": (
        "elasticache",
        "create_replication_group",
        {"AuthToken": "x" * 32},
    ),
    "AWS::RDS::DBCluster": (
        "rds",
        "create_db_cluster",
        {"DBClusterIdentifier": "tiketi", "MasterUserPassword": "x" * 32},
    ),
    "AWS::WAFv2::WebACL": ("wafv2", "create_web_acl", {"Name": "tiketi"}),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_stores_and_the_web_acl_are_made(cloud, documents, kind):
    name, operation, more = OTHERS[kind]
    ((_, made),) = found(documents, kind)
    answer = getattr(cloud.client(name), operation)(**{**made, **more})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
