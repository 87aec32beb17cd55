"""Stacks created by boto3 in moto's server, and what exists afterwards."""

from collections import Counter

from deploy.routing import rules
from tiketi.services.registry import SERVICES

ANYWHERE = "0.0.0.0/0"


def test_three_zones_have_three_layers_that_do_not_overlap(cloud, stacks, prod):
    ec2 = cloud.client("ec2")
    (vpc,) = ec2.describe_vpcs(VpcIds=[stacks["network"]["Vpc"]])["Vpcs"]
    assert vpc["CidrBlock"] == prod.vpc_cidr
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    assert len(found) == 9
    zones = Counter(subnet["AvailabilityZone"] for subnet in found)
    assert sorted(zones.values()) == [3, 3, 3]
    # moto refuses ranges that overlap, as AWS does.
    assert len({subnet["CidrBlock"] for subnet in found}) == 9


def test_tasks_go_out_by_their_own_zones_nat_and_stores_do_not_go_out(cloud, stacks):
    ec2 = cloud.client("ec2")
    gateways = {
        gateway["NatGatewayId"]: gateway["SubnetId"]
        for gateway in ec2.describe_nat_gateways()["NatGateways"]
    }
    assert len(gateways) == 3
    zone_of = {
        subnet["SubnetId"]: subnet["AvailabilityZone"]
        for subnet in ec2.describe_subnets()["Subnets"]
    }
    for zone in (1, 2, 3):
        (app,) = _routes(ec2, stacks, f"AppSubnet{zone}")
        nat = app["NatGatewayId"]
        assert zone_of[gateways[nat]] == zone_of[stacks["network"][f"AppSubnet{zone}"]]
        (public,) = _routes(ec2, stacks, f"PublicSubnet{zone}")
        assert public["GatewayId"].startswith("igw-")
        assert _routes(ec2, stacks, f"DataSubnet{zone}") == []


def _routes(ec2, stacks, subnet):
    """The ways out of the subnet's own table. moto does not show which table is whose."""
    table_id = stacks["network"][f"{subnet}Routes"]
    (table,) = ec2.describe_route_tables(RouteTableIds=[table_id])["RouteTables"]
    return [route for route in table["Routes"] if route.get("DestinationCidrBlock") == ANYWHERE]


def test_a_service_is_called_by_the_balancer_at_its_port(cloud, stacks):
    ec2 = cloud.client("ec2")
    balancer = stacks["network"]["BalancerSecurityGroup"]
    for service in SERVICES:
        name = f"{service.name.capitalize()}SecurityGroup"
        (group,) = ec2.describe_security_groups(GroupIds=[stacks["network"][name]])[
            "SecurityGroups"
        ]
        (allowed,) = group["IpPermissions"]
        assert (allowed["FromPort"], allowed["ToPort"]) == (service.port, service.port)
        assert [pair["GroupId"] for pair in allowed["UserIdGroupPairs"]] == [balancer]


def test_each_rule_forwards_its_paths_to_its_services_group(cloud, stacks):
    elb = cloud.client("elbv2")
    made = stacks["balancer"]
    groups = {
        group["TargetGroupArn"]: group for group in elb.describe_target_groups()["TargetGroups"]
    }
    listed = elb.describe_rules(ListenerArn=made["HttpsListener"])["Rules"]
    by_priority = {rule["Priority"]: rule for rule in listed}
    default = by_priority.pop("default")["Actions"][0]["FixedResponseConfig"]
    assert default["StatusCode"] == "404"
    assert len(by_priority) == len(SERVICES)
    for rule in rules():
        found = by_priority[str(rule.priority)]
        values = [value for part in found["Conditions"] for value in _values(part)]
        assert set(rule.paths) <= set(values)
        forward = found["Actions"][0]["ForwardConfig"]["TargetGroups"]
        ports = {groups[target["TargetGroupArn"]]["Port"] for target in forward}
        assert ports == {rule.service.port}
        assert sum(target["Weight"] for target in forward) == 100


def _values(condition):
    return condition.get("PathPatternConfig", condition.get("HostHeaderConfig", condition))[
        "Values"
    ]


def test_target_groups_ask_for_health_as_planned(cloud, stacks):
    for group in cloud.client("elbv2").describe_target_groups()["TargetGroups"]:
        figures = (
            group["HealthCheckPath"],
            group["HealthCheckIntervalSeconds"],
            group["HealthCheckTimeoutSeconds"],
            group["HealthyThresholdCount"],
            group["UnhealthyThresholdCount"],
        )
        assert figures == ("/health", 30, 5, 2, 3)


def test_plain_http_is_redirected(cloud, stacks):
    elb = cloud.client("elbv2")
    (listener,) = elb.describe_listeners(ListenerArns=[stacks["balancer"]["HttpListener"]])[
        "Listeners"
    ]
    redirect = listener["DefaultActions"][0]["RedirectConfig"]
    assert (redirect["Protocol"], redirect["Port"]) == ("HTTPS", "443")
    assert redirect["StatusCode"] == "HTTP_301"


def test_every_service_runs_from_the_one_image_with_its_role_as_command(cloud, stacks):
    ecs = cloud.client("ecs")
    images = set()
    for service in SERVICES:
        task = ecs.describe_task_definition(taskDefinition=f"tiketi-prod-{service.name}")
        container = task["taskDefinition"]["containerDefinitions"][0]
        images.add(container["image"])
        assert container["command"] == ["serve", service.name]
        assert container["readonlyRootFilesystem"] is True
        assert container["user"] == "10001:10001"
    assert images == {"tiketi@sha256:0"}
    listed = ecs.list_services(cluster="tiketi-prod", maxResults=50)["serviceArns"]
    assert {arn.rpartition("/")[2] for arn in listed} == {service.name for service in SERVICES}


def test_buckets_encrypt(cloud, stacks):
    s3 = cloud.client("s3")
    for name in ("SiteFiles", "Images"):
        bucket = stacks["edge"][name]
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        assert rules["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_both_dashboards_are_there(cloud, stacks):
    listed = cloud.client("cloudwatch").list_dashboards()["DashboardEntries"]
    assert {entry["DashboardName"] for entry in listed} == {
        "tiketi-prod-sale",
        "tiketi-prod-machines",
    }
