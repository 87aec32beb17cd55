"""How pods come, go, scale and are reached, as the design has it."""

import json
from dataclasses import replace
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from typer.testing import CliRunner

from deploy.__main__ import app as command
from deploy.aws.deployment import maximum_percent
from deploy.aws.network.addresses import subnet_ranges
from deploy.aws.network.stack import make_network
from deploy.kubernetes.network import ingress_paths
from deploy.kubernetes.schedule import make_scheduled
from deploy.kubernetes.workload import autoscaler
from deploy.routing import rules
from tests.deploy.kubernetes.conftest import MESH, PROD
from tiketi.services.registry import SERVICES


def test_pods_double_in_fifteen_seconds_and_halve_after_five_minutes(prod):
    for service in SERVICES:
        behavior = prod["HorizontalPodAutoscaler", service.name]["spec"]["behavior"]
        assert behavior == {
            "scaleUp": {
                "stabilizationWindowSeconds": 0,
                "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
            },
            "scaleDown": {
                "stabilizationWindowSeconds": 300,
                "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
            },
        }


def test_all_scale_by_their_cores_and_the_queue_by_its_length_too(prod):
    for service in SERVICES:
        metrics = prod["HorizontalPodAutoscaler", service.name]["spec"]["metrics"]
        assert metrics[0]["resource"]["target"]["averageUtilization"] in (70, 80)
        length = [one["external"]["metric"]["name"] for one in metrics[1:]]
        assert length == (["tiketi_queue_waiting"] if service.name == "queue" else [])
    adapter = yaml.safe_load(prod.documents["kubernetes/prometheus-adapter-values.yaml"])
    query = adapter["rules"]["external"][0]["metricsQuery"]
    # Each pod tells the whole number: added up it would be pods times too large.
    assert query.startswith("max(")


def test_a_rolling_deployment_adds_no_more_pods_than_the_writer_has_connections_for(prod):
    surges = {
        service.name: prod["Deployment", service.name]["spec"]["strategy"]["rollingUpdate"]
        for service in SERVICES
    }
    assert all(surge["maxUnavailable"] == 0 for surge in surges.values())
    assert surges["reservation"]["maxSurge"] == "10%"
    for service in SERVICES:
        surge = int(surges[service.name]["maxSurge"].removesuffix("%"))
        assert surge <= maximum_percent(service, PROD) - 100


def test_the_balancer_is_internal_and_has_the_groups_that_cloudfront_may_call(prod):
    for service in SERVICES:
        annotations = prod["Ingress", service.name]["metadata"]["annotations"]
        assert annotations["alb.ingress.kubernetes.io/scheme"] == "internal"
        group = annotations["alb.ingress.kubernetes.io/security-groups"]
        assert group == "${BALANCER_SECURITY_GROUP_ID}"


def test_no_deployment_sets_what_its_autoscaler_decides(prod):
    assert all("replicas" not in one["spec"] for one in prod.of("Deployment"))


def test_the_queue_alone_is_sticky(prod):
    for service in SERVICES:
        annotations = prod["Ingress", service.name]["metadata"]["annotations"]
        attributes = annotations["alb.ingress.kubernetes.io/target-group-attributes"]
        assert ("stickiness.enabled=true" in attributes) == (service.name == "queue")
    assert (
        "lb_cookie.duration_seconds=3600"
        in (
            prod["Ingress", "queue"]["metadata"]["annotations"][
                "alb.ingress.kubernetes.io/target-group-attributes"
            ]
        )
    )


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.service.name)
def test_the_ingress_matches_what_the_balancer_does(prod, rule):
    """Prefix is by segments: the path itself and whatever is below it."""
    (found,) = prod["Ingress", rule.service.name]["spec"]["rules"]
    # The site calls the API at its own host, as on ECS.
    assert found.get("host") == ("admin.tiketi.gg" if rule.host == "admin" else None)
    meant = set()
    for path in found["http"]["paths"]:
        assert path["backend"]["service"]["name"] == rule.service.name
        meant |= (
            {path["path"], f"{path['path']}/*"} if path["pathType"] == "Prefix" else {path["path"]}
        )
    assert meant == set(rule.paths)
    assert ingress_paths(rule)


def test_what_serves_without_a_store_stays_in_rotation_without_one(prod):
    def ready(name):
        pod = prod["Deployment", name]["spec"]["template"]["spec"]
        return pod["containers"][0]["readinessProbe"]["httpGet"]["path"]

    assert ready("event") == ready("queue") == "/health"
    assert ready("reservation") == ready("payment") == ready("auth") == "/health/ready"


def test_nobody_reaches_a_service_but_the_balancer_the_gateway_and_prometheus(prod):
    deny = prod["NetworkPolicy", "deny-all"]["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ranges = subnet_ranges(PROD)
    app, data = (
        [{"ipBlock": {"cidr": place.cidr}} for place in ranges if place.layer == layer]
        for layer in ("app", "data")
    )
    for service in SERVICES:
        policy = prod["NetworkPolicy", service.name]["spec"]
        assert policy["egress"][0]["to"] == data
        assert policy["ingress"][0]["from"] == [
            *app,
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kong"}}},
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}},
        ]
        outside = [
            {port["port"] for port in way["ports"]}
            for way in policy["egress"]
            if way["to"][0].get("ipBlock", {}).get("cidr") == "0.0.0.0/0"
        ]
        assert outside == {"auth": [{465, 587}], "payment": [{443}]}.get(service.name, [])


def test_the_mesh_speaks_tls_alone_and_gives_a_canary_its_share(meshed):
    assert meshed["PeerAuthentication", "default"]["spec"]["mtls"] == {"mode": "STRICT"}

    def weights(text):
        objects = {one["kind"]: one for one in yaml.safe_load_all(text)}
        (route,) = objects["VirtualService"]["spec"]["http"]
        return {one["destination"]["subset"]: one["weight"] for one in route["route"]}, objects

    running, _ = weights(yaml.safe_dump(meshed["VirtualService", "queue"]))
    assert running == {"stable": 100}
    canary, objects = weights(meshed.documents["kubernetes/4-canary/queue/canary.yaml"])
    assert canary == {"stable": 95, "canary": 5}
    deployment = objects["Deployment"]
    assert deployment["metadata"]["name"] == "queue-canary"
    assert deployment["spec"]["replicas"] == 1
    stable = meshed["Deployment", "queue"]["spec"]["selector"]["matchLabels"]
    assert deployment["spec"]["selector"]["matchLabels"] != stable


def test_in_a_mesh_the_balancer_reaches_the_gateway_and_prometheus_the_sidecars(meshed):
    monitoring = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
    for service in SERVICES:
        ways = meshed["NetworkPolicy", service.name]["spec"]["ingress"]
        assert {
            port["port"]
            for way in ways
            for port in way["ports"]
            if {"namespaceSelector": monitoring} in way["from"]
        } == {service.port, 15020}
    network = make_network(MESH).to_dict()["Resources"]
    ingress = meshed["Ingress", MESH.prefix]["metadata"]["annotations"]
    health = int(ingress["alb.ingress.kubernetes.io/healthcheck-port"])
    for way in ("In", "Out"):
        ports = {
            made["Properties"]["FromPort"]
            for name, made in network.items()
            if name.startswith("BalancerToKubernetes") and name.endswith(way)
        }
        assert ports == {80, 8080, health}


def test_mail_leaves_by_the_same_ports_from_pods_and_from_tasks(prod):
    ways = prod["NetworkPolicy", "auth"]["spec"]["egress"]
    policy = {port["port"] for port in ways[-1]["ports"]}
    group = {
        made["Properties"]["FromPort"]
        for name, made in make_network(PROD).to_dict()["Resources"].items()
        if name.startswith("AuthOutTo") and made["Properties"]["FromPort"] != 443
    }
    assert policy == group == {465, 587}


def test_without_a_mesh_there_is_no_canary(prod):
    assert not [path for path in prod.documents if "canary" in path or "mesh" in path]
    assert not list(prod.of("VirtualService"))


def plan(**action):
    made = {
        "at": "2026-12-01T20:20:00+09:00",
        "service": "queue",
        "tasks_min": 29,
        "tasks_max": 100,
    }
    return json.dumps({"version": 1, "event_id": "e", "actions": [{**made, **action}]})


def test_a_capacity_plan_moves_the_bounds_on_its_day_alone(tmp_path):
    source = tmp_path / "plan.json"
    source.write_text(plan())
    result = CliRunner().invoke(
        command, ["schedule", str(source), "--target", "eks", "--out", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    written = (Path(tmp_path) / "kubernetes/5-schedule/actions.yaml").read_text()
    (job,) = yaml.safe_load_all(written)
    assert job["spec"]["schedule"] == "20 11 1 12 *"
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    script = container["command"][2]
    assert '[ "$(date -u +%F)" = 2026-12-01 ] || exit 0' in script
    patch = json.loads(script.partition("--patch '")[2].rstrip("'"))
    assert patch == {"spec": {"minReplicas": 29, "maxReplicas": 100}}


def test_a_schedule_is_valid_and_may_touch_autoscalers_alone():
    documents = make_scheduled(PROD, [plan()])
    objects = [
        one
        for path, text in documents.items()
        if not path.endswith("kustomization.yaml")
        for one in yaml.safe_load_all(text)
    ]
    for one in objects:
        kubernetes_validate.validate(one, "1.34", strict=True)
    (role,) = (one for one in objects if one["kind"] == "Role")
    assert role["rules"] == [
        {
            "apiGroups": ["autoscaling"],
            "resources": ["horizontalpodautoscalers"],
            "verbs": ["get", "patch"],
        }
    ]


def test_a_plan_for_nobody_is_refused():
    with pytest.raises(ValueError, match="no service: cashier"):
        make_scheduled(PROD, [plan(service="cashier")])


def test_staging_is_small_but_never_empty():
    staging = replace(PROD, tasks_share=0.1)
    bounds = {
        service.name: (
            autoscaler(service, staging)["spec"]["minReplicas"],
            autoscaler(service, staging)["spec"]["maxReplicas"],
        )
        for service in SERVICES
    }
    assert bounds["reservation"] == (2, 20)
    assert bounds["admin"] == (1, 1)
