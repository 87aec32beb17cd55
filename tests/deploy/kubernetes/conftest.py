from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml

from deploy.environment import ENVIRONMENTS
from deploy.kubernetes.documents import make_kubernetes

PROD = ENVIRONMENTS["prod"]
MESH = replace(PROD, mesh=True)


class Cluster:
    """The documents by path, their objects by kind and name."""

    def __init__(self, documents):
        self.documents = documents
        self.objects = {
            (one["kind"], one["metadata"]["name"]): one
            for path, text in documents.items()
            if path.endswith(".yaml") and path.count("/") > 1
            for one in yaml.load_all(text, Loader=yaml.CSafeLoader)
            if "metadata" in one and "4-canary" not in path
        }

    def __getitem__(self, key):
        return self.objects[key]

    def of(self, kind) -> Iterator[dict]:
        return (one for (found, _), one in self.objects.items() if found == kind)


@pytest.fixture(scope="session")
def prod():
    return Cluster(make_kubernetes(PROD))


@pytest.fixture(scope="session")
def meshed():
    return Cluster(make_kubernetes(MESH))
