"""What has to hold of Kubernetes' documents, besides each being well formed."""

from collections.abc import Callable, Iterator
from typing import Any

import kubernetes_validate
import yaml

from deploy.check.finding import Finding
from deploy.check.stopping import seconds_to_end
from deploy.emit import Documents
from deploy.environment import Environment
from deploy.kubernetes.custom import CUSTOM_KINDS, complaints
from deploy.kubernetes.documents import ROOT
from deploy.kubernetes.manifest import KUBERNETES_VERSION, NAME_LABEL
from deploy.kubernetes.policies import MESH_METRICS_PORT
from tiketi.services.registry import SERVICES

_Object = dict[str, Any]


def kubernetes_documents_are_valid(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    """Kubernetes' own kinds by its schema, strictly; others by the models of custom.py."""
    for path, one in _objects(documents):
        if one["kind"] in CUSTOM_KINDS:
            for place, message in complaints(one):
                yield Finding(path, f"{_name(one)} {place}", message)
            continue
        try:
            kubernetes_validate.validate(one, KUBERNETES_VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            place = ".".join(str(part) for part in error.path)
            yield Finding(path, f"{_name(one)} {place}", error.message)
        except kubernetes_validate.SchemaNotFoundError:
            yield Finding(path, _name(one), "nobody knows this kind")


def kubernetes_ports_agree(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    """The registry's port is the container's, the Service's and the policy's; probes and the
    Ingress name it.
    """
    ports = {service.name: service.port for service in SERVICES}
    for path, one in _objects(documents):
        name = one["metadata"]["name"] if "metadata" in one else ""
        find = _PORTS.get(one["kind"])
        for place, port in find(one) if find else ():
            wanted = ports.get(one.get("metadata", {}).get("labels", {}).get(NAME_LABEL, name))
            if port not in (wanted, "http"):
                yield Finding(path, f"{_name(one)} {place}", f"port {port}, not {wanted}")


def kubernetes_secrets_exist(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    """Whatever a container is given from a secret, an ExternalSecret fetches."""
    fetched = {
        (one["spec"]["target"]["name"], datum.get("secretKey"))
        for _, one in _objects(documents)
        if one["kind"] == "ExternalSecret"
        for datum in one["spec"]["data"]
    }
    for path, one in _objects(documents):
        for container in _containers(one):
            for variable in container.get("env", ()):
                found = variable.get("valueFrom", {}).get("secretKeyRef")
                if found and (found["name"], found["key"]) not in fetched:
                    message = f"{found['name']}.{found['key']} is fetched by nobody"
                    yield Finding(path, f"{_name(one)} {variable['name']}", message)


def kubernetes_pods_are_confined(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    """The restricted profile, and a root that cannot be written to."""
    for path, one in _objects(documents):
        for container in _containers(one):
            pod = one["spec"]["template"]["spec"].get("securityContext", {})
            own = container.get("securityContext", {})
            wanted = {
                "runs as root": pod.get("runAsNonRoot") is True and pod.get("runAsUser", 0) > 0,
                "has no seccomp profile": pod.get("seccompProfile", {}).get("type")
                == "RuntimeDefault",
                "may write to its root": own.get("readOnlyRootFilesystem") is True,
                "may gain privileges": own.get("allowPrivilegeEscalation") is False,
                "keeps capabilities": own.get("capabilities", {}).get("drop") == ["ALL"],
                "may use any amount of memory": "memory"
                in container.get("resources", {}).get("limits", {}),
            }
            for message, holds in wanted.items():
                if not holds:
                    yield Finding(path, f"{_name(one)} {container['name']}", message)


def kubernetes_pods_end_in_time(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    """The kill comes after the wait before the signal and whatever a task needs to end."""
    for path, one in _objects(documents):
        if one["kind"] != "Deployment":
            continue
        pod = one["spec"]["template"]["spec"]
        for container in pod["containers"]:
            settings = {item["name"]: item.get("value") for item in container["env"]}
            needed = container["lifecycle"]["preStop"]["sleep"]["seconds"] + seconds_to_end(
                settings
            )
            if needed > pod["terminationGracePeriodSeconds"]:
                yield Finding(path, _name(one), f"is killed before its {needed} s are over")


RULES = (
    kubernetes_documents_are_valid,
    kubernetes_ports_agree,
    kubernetes_secrets_exist,
    kubernetes_pods_are_confined,
    kubernetes_pods_end_in_time,
)


def _objects(documents: Documents) -> Iterator[tuple[str, _Object]]:
    for path, text in documents.items():
        # The adapter's values are Helm's, not Kubernetes'.
        if path.startswith(f"{ROOT}/") and path.endswith(".yaml") and path.count("/") > 1:
            for one in yaml.load_all(text, Loader=yaml.CSafeLoader):
                yield path, one


def _name(one: _Object) -> str:
    return f"{one['kind']}/{one.get('metadata', {}).get('name', '')}"


def _containers(one: _Object) -> list[_Object]:
    if one["kind"] not in ("Deployment", "Job"):
        return []
    found: list[_Object] = one["spec"]["template"]["spec"]["containers"]
    return found


_Port = tuple[str, int | str]


def _service_ports(one: _Object) -> Iterator[_Port]:
    for port in one["spec"]["ports"]:
        yield "port", port["port"]
        yield "targetPort", port["targetPort"]


def _ingress_ports(one: _Object) -> Iterator[_Port]:
    for rule in one["spec"].get("rules", ()):
        for path in rule["http"]["paths"]:
            port = path["backend"]["service"]["port"]
            yield path["path"], port.get("name", port.get("number"))


def _policy_ports(one: _Object) -> Iterator[_Port]:
    for way in one["spec"].get("ingress", ()):
        for port in way["ports"]:
            if port["port"] != MESH_METRICS_PORT:
                yield "ingress", port["port"]


def _route_ports(one: _Object) -> Iterator[_Port]:
    for route in one["spec"]["http"]:
        for way in route["route"]:
            yield "route", way["destination"]["port"]["number"]


def _container_ports(one: _Object) -> Iterator[_Port]:
    for container in _containers(one):
        for port in container["ports"]:
            yield "containerPort", port["containerPort"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            yield probe, container[probe]["httpGet"]["port"]


_PORTS: dict[str, Callable[[_Object], Iterator[_Port]]] = {
    "Service": _service_ports,
    "Ingress": _ingress_ports,
    "NetworkPolicy": _policy_ports,
    "VirtualService": _route_ports,
    "Deployment": _container_ports,
}
