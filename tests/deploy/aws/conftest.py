"""moto's server as a process of its own: what it does not support it warns of, which is no error
of ours.
"""

import json
import socket
import subprocess
import sys
import time

import boto3
import pytest

from deploy.aws.stacks import STACKS
from tests.deploy.aws.supported import supported_part

START_SECONDS = 60
PARAMETERS = {
    "AdminEmail": "admin@tiketi.test",
    "BalancerArn": "arn:aws:elasticloadbalancing:::loadbalancer/app/x/y",
    "BalancerDnsName": "balancer.tiketi.test",
    "CertificateArn": "arn:aws:acm:us-east-1::certificate/x",
    "CloudFrontPrefixListId": "pl-0123abcd",
    "CollectorImage": "collector@sha256:0",
    "HostedZoneId": "Z0",
    "Image": "tiketi@sha256:0",
    "RepositoryArns": "arn:aws:ecr:::repository/tiketi",
    "WebAclArn": "arn:aws:wafv2:us-east-1::global/webacl/x/y",
}


class Cloud:
    """A region's clients, by the service's name."""

    def __init__(self, port, region):
        self._url, self._region = f"http://127.0.0.1:{port}", region

    def client(self, name, region=None):
        return boto3.client(
            name,
            region_name=region or self._region,
            endpoint_url=self._url,
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
        )

    def create(self, stack, text, stand_ins):
        """The stack's supported part. Returns the ids of what was made, by logical name."""
        part = supported_part(json.loads(text), stand_ins)
        asked = [
            {"ParameterKey": name, "ParameterValue": PARAMETERS[name]}
            for name, parameter in part.get("Parameters", {}).items()
            if "Default" not in parameter
        ]
        formation = self.client("cloudformation", stack.region)
        formation.create_stack(
            StackName=stack.name,
            TemplateBody=json.dumps(part),
            Parameters=asked,
            Capabilities=["CAPABILITY_IAM"],
        )
        pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack.name)
        status = formation.describe_stacks(StackName=stack.name)["Stacks"][0]["StackStatus"]
        assert status == "CREATE_COMPLETE"
        return {
            made["LogicalResourceId"]: made.get("PhysicalResourceId")
            for page in pages
            for made in page["StackResourceSummaries"]
        }


@pytest.fixture(scope="session")
def cloud(prod, tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("moto") / "log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=log,
        stderr=log,
    )
    try:
        _wait_until_it_listens(server, port)
        yield Cloud(port, prod.region)
    finally:
        server.kill()
        server.wait()
        log.close()


def _wait_until_it_listens(server, port):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"moto does not listen (exit {server.poll()})")


@pytest.fixture(scope="session")
def stacks(cloud, documents, prod):
    """Ids of what each stack made, created in the order of deployment: imports are real."""
    asked = cloud.client("acm").request_certificate(DomainName=prod.domain)
    stand_ins = {"Certificate": asked["CertificateArn"]}
    return {stack.name: cloud.create(stack, documents[stack.path], stand_ins) for stack in STACKS}
