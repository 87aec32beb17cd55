"""What the registry says arrives in every object, and every object is one that Kubernetes takes."""

import re
from dataclasses import replace

import pytest
import yaml

from deploy.check import kubernetes as rules
from deploy.environment import ENVIRONMENTS
from deploy.kubernetes.documents import make_kubernetes
from deploy.kubernetes.manifest import KUBERNETES_VERSION
from tests.deploy.kubernetes.conftest import MESH, PROD, Cluster
from tiketi.services.registry import SERVICES

BOUNDS = ("tasks_min", "tasks_max")


def findings(documents, environment=PROD):
    return [
        f"{rule.__name__}: {finding}"
        for rule in rules.RULES
        for finding in rule(documents, environment)
    ]


@pytest.mark.parametrize(
    "environment", [*ENVIRONMENTS.values(), MESH], ids=lambda e: f"{e.name}{e.mesh}"
)
def test_every_rule_holds_in_every_environment(environment):
    assert findings(make_kubernetes(environment), environment) == []


def test_the_same_registry_makes_the_same_bytes():
    assert make_kubernetes(PROD) == make_kubernetes(PROD)


def test_every_file_is_in_its_folders_kustomization(prod):
    for path, text in prod.documents.items():
        if path.endswith("kustomization.yaml"):
            folder = path.removesuffix("kustomization.yaml")
            beside = {
                other.removeprefix(folder)
                for other in prod.documents
                if other.startswith(folder) and other != path
            }
            assert set(yaml.safe_load(text)["resources"]) == beside


def test_another_port_arrives_in_every_object():
    moved = tuple(
        replace(service, port=4999) if service.name == "queue" else service for service in SERVICES
    )
    documents = make_kubernetes(MESH, moved)
    text = "".join(documents.values())
    assert "3012" not in text
    cluster = Cluster(documents)
    container = cluster["Deployment", "queue"]["spec"]["template"]["spec"]["containers"][0]
    assert container["ports"][0]["containerPort"] == 4999
    assert {"name": "TIKETI_PORT", "value": "4999"} in container["env"]
    assert cluster["Service", "queue"]["spec"]["ports"][0]["port"] == 4999
    policy = cluster["NetworkPolicy", "queue"]["spec"]["ingress"][0]
    assert policy["ports"] == [{"port": 4999, "protocol": "TCP"}]
    route = cluster["VirtualService", "queue"]["spec"]["http"][0]["route"][0]
    assert route["destination"]["port"] == {"number": 4999}


def test_another_size_arrives_in_pods_and_autoscaler():
    grown = tuple(
        replace(service, vcpu=16, memory_gib=64, tasks_min=30, tasks_max=70)
        if service.name == "reservation"
        else service
        for service in SERVICES
    )
    cluster = Cluster(make_kubernetes(PROD, grown))
    pod = cluster["Deployment", "reservation"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "15200m", "memory": "64Gi"},
        "limits": {"memory": "64Gi"},
    }
    scaler = cluster["HorizontalPodAutoscaler", "reservation"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (30, 70)


def test_the_rules_see_what_is_wrong(prod):
    def broken(path, old, new):
        text = prod.documents[path]
        assert old in text
        kept = {name: prod.documents[name] for name in (queue, secrets)}
        return findings({**kept, path: text.replace(old, new)})

    queue = "kubernetes/3-services/queue.yaml"
    secrets = "kubernetes/1-platform/secrets.yaml"
    assert any("unknownField" in one for one in broken(queue, "minReplicas:", "unknownField:"))
    assert any("port 3999" in one for one in broken(queue, "port: 3012", "port: 3999"))
    assert any("runs as root" in one for one in broken(queue, "runAsUser: 10001", "runAsUser: 0"))
    assert any("killed" in one for one in broken(queue, "PeriodSeconds: 90", "PeriodSeconds: 70"))
    assert any("fetched by nobody" in one for one in broken(queue, "key: seed", "key: sead"))
    assert any("ExternalSecret" in one for one in broken(secrets, "secretKey:", "secretKay:"))


def test_a_pod_has_the_security_group_of_its_service_as_a_task_does(prod):
    for name in (*(service.name for service in SERVICES), "migration"):
        spec = prod["SecurityGroupPolicy", name]["spec"]
        assert f"${{{name.upper()}_SECURITY_GROUP_ID}}" in spec["securityGroups"]["groupIds"]
        assert spec["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": name}


def test_the_cluster_has_room_for_every_pod_and_the_versions_agree(prod):
    cluster = yaml.safe_load(prod.documents["kubernetes/cluster.yaml"])
    (nodes,) = cluster["managedNodeGroups"]
    assert cluster["metadata"]["version"] == KUBERNETES_VERSION
    cores = {most: sum(getattr(s, most) * s.vcpu for s in SERVICES) for most in BOUNDS}
    assert nodes["minSize"] * 32 > cores["tasks_min"]
    assert nodes["maxSize"] * 32 > cores["tasks_max"] * 1.25


def test_only_what_is_a_parameter_is_left_open(meshed):
    """An account, a certificate, an image: no document has one."""
    named = set(
        re.findall(
            r"^([A-Z0-9_]+)=", meshed.documents["kubernetes/parameters.example.env"], re.MULTILINE
        )
    )
    used = set()
    for path, text in meshed.documents.items():
        if path.endswith(".yaml"):
            used |= set(re.findall(r"\$\{(\w+)\}", text))
            assert re.search(r"\b\d{12}\b", text) is None, path
    assert used <= named
    assert named - used == {"KUBECTL_IMAGE"}
