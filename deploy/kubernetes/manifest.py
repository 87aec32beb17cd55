"""What every Kubernetes object begins with, and how objects become a file."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from deploy.environment import Environment
from tiketi.services.registry import Service

Manifest = dict[str, Any]

# What the cluster runs, and what documents are checked against.
KUBERNETES_VERSION = "1.34"

PART_OF = "tiketi"
NAME_LABEL = "app.kubernetes.io/name"
PART_OF_LABEL = "app.kubernetes.io/part-of"
TRACK_LABEL = "tiketi/track"
STABLE, CANARY = "stable", "canary"


def manifest(
    api_version: str,
    kind: str,
    name: str,
    *,
    environment: Environment,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **body: Any,
) -> Manifest:
    """One object in the environment's namespace; a namespace itself lies in none."""
    metadata: Manifest = {"name": name}
    if kind != "Namespace":
        metadata["namespace"] = environment.prefix
    metadata["labels"] = {PART_OF_LABEL: PART_OF, **(labels or {})}
    if annotations:
        metadata["annotations"] = dict(sorted(annotations.items()))
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def selector(service: Service) -> dict[str, str]:
    """The labels by which everything but a Deployment finds a service's pods, canaries too."""
    return {NAME_LABEL: service.name, PART_OF_LABEL: PART_OF}


def to_yaml(manifests: Iterable[Manifest]) -> str:
    """In the order given, keys as they were written, no anchors."""
    return "".join(f"---\n{_dump(one)}" for one in manifests)


def kustomization(resources: Iterable[str]) -> str:
    document = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
    }
    return _dump(document)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _dump(document: Manifest) -> str:
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text
