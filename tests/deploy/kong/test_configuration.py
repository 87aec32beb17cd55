"""Kong's configuration says what the registry and the contract say. No Kong has read it."""

import subprocess
from dataclasses import replace

import pytest
import yaml
from pydantic import ValidationError

from deploy.check import kong as rules
from deploy.environment import ENVIRONMENTS
from deploy.kong.configuration import (
    PARAMETERS_PATH,
    PATH,
    SETTINGS_PATH,
    configuration,
    make_kong,
    routed_versions,
)
from deploy.kong.models import Configuration
from tiketi.services.registry import SERVICES

PROD = ENVIRONMENTS["prod"]


def findings(documents):
    return [finding.message for rule in rules.RULES for finding in rule(documents, PROD)]


@pytest.fixture(scope="module")
def services():
    return {service.name: service for service in configuration(PROD).services}


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=list(ENVIRONMENTS))
def test_the_file_is_valid_and_agrees_with_the_registry(environment):
    documents = make_kong(environment)
    assert findings(documents) == []
    assert documents == make_kong(environment)
    assert Configuration.model_validate(yaml.safe_load(documents[PATH])) == configuration(
        environment
    )


def target(service, path):
    """Where Kong sends what a route has matched: the longest of its paths is stripped."""
    matching = [found for found in service.routes[0].paths if path.startswith(found)]
    return service.path + path.removeprefix(max(matching, key=len))


def test_v1_is_the_services_api_v1(services):
    assert target(services["event-v1"], "/v1/events/7/seats") == "/api/v1/events/7/seats"
    assert target(services["event-v1"], "/api/v1/events") == "/api/v1/events"
    assert target(services["auth-1"], "/.well-known/jwks.json") == "/.well-known/jwks.json"


def test_v2_reaches_the_service_which_says_that_it_does_not_know_it(services):
    assert routed_versions() == ("v1", "v2")
    assert target(services["event-v2"], "/v2/events/7") == "/api/v2/events/7"


def test_every_page_calls_the_api_at_its_own_host(services):
    """As the balancer has it: the administrators sign in at theirs."""
    for service in services.values():
        assert set(service.routes[0].hosts) == {"api.tiketi.gg", "tiketi.gg", "admin.tiketi.gg"}


def test_admin_is_not_to_be_reached_by_the_gateway(services):
    assert not [name for name in services if name.startswith("admin")]
    assert {upstream.name for upstream in configuration(PROD).upstreams} == {
        service.name for service in SERVICES if service.name != "admin"
    }


def limits(service):
    return {
        plugin.consumer: (plugin.config.minute, plugin.config.limit_by)
        for plugin in service.plugins
        if plugin.name == "rate-limiting"
    }


def test_limits_are_those_of_the_contract(services):
    signed_in = {"buyer": (100, "header"), "anonymous": (10, "ip")}
    assert limits(services["reservation-v1"]) == signed_in
    assert limits(services["payment-v1"]) == signed_in
    # Who browses and who waits is anonymous, and not to be locked out.
    assert limits(services["event-v1"]) == limits(services["queue-v1"]) == {None: (600, "ip")}
    assert services["webhooks-v1"].plugins == ()


def test_a_limit_by_address_is_the_callers_own_and_not_the_balancers():
    own = dict(line.split("=", 1) for line in make_kong(PROD)[SETTINGS_PATH].splitlines())
    assert own["KONG_TRUSTED_IPS"] == PROD.vpc_cidr
    assert (own["KONG_REAL_IP_HEADER"], own["KONG_REAL_IP_RECURSIVE"]) == ("X-Forwarded-For", "on")
    # Its Redis is asked by TLS, whose certificate is verified.
    assert own["KONG_LUA_SSL_TRUSTED_CERTIFICATE"] == "system"


def test_a_key_survives_the_shell_that_fills_it_in(tmp_path):
    key = r"-----BEGIN PUBLIC KEY-----\nMCowBQ+/=\n-----END PUBLIC KEY-----"
    filled = tmp_path / "parameters.env"
    filled.write_text(
        make_kong(PROD)[PARAMETERS_PATH].replace(
            "JWT_PUBLIC_KEY_PEM=''", f"JWT_PUBLIC_KEY_PEM='{key}'"
        )
    )
    script = 'set -a; . "$1"; set +a; printenv JWT_PUBLIC_KEY_PEM'
    read = subprocess.run(
        ["sh", "-c", script, "sh", str(filled)], check=True, capture_output=True, text=True
    )
    assert read.stdout == key + "\n"


def test_counters_are_shared_and_never_stop_the_gateway(services):
    for service in services.values():
        for plugin in service.plugins:
            if plugin.name == "rate-limiting":
                assert plugin.config.policy == "redis"
                assert plugin.config.fault_tolerant


def test_a_bad_token_is_left_to_the_service_to_refuse(services):
    tokens = [plugin for plugin in services["reservation-v1"].plugins if plugin.name == "jwt"]
    assert [plugin.config.anonymous for plugin in tokens] == ["anonymous"]
    (buyer, _) = configuration(PROD).consumers
    assert [(one.key, one.algorithm) for one in buyer.jwt_secrets] == [("tiketi", "EdDSA")]


def test_the_breaker_opens_on_failures_and_not_on_answers():
    for upstream in configuration(PROD).upstreams:
        passive = upstream.healthchecks.passive.unhealthy
        assert passive.http_failures > 0
        assert passive.timeouts > 0
        assert not {429, 503} & set(passive.http_statuses)
        assert upstream.healthchecks.active.http_path == "/health"
        assert (upstream.hash_on == "cookie") == (upstream.name == "queue")


def test_a_pass_is_not_logged():
    (log,) = (plugin for plugin in configuration(PROD).plugins if plugin.name == "file-log")
    assert set(log.config.custom_fields_by_lua) == {
        "request.headers.queue-pass",
        "request.headers.queue-receipt",
    }


def test_another_port_arrives():
    moved = tuple(
        replace(service, port=4999) if service.name == "queue" else service for service in SERVICES
    )
    text = make_kong(PROD, moved)[PATH]
    assert "3012" not in text
    assert "queue-tasks.tiketi-prod.svc.cluster.local:4999" in text
    # Against the registry as it is, the rule sees it.
    assert findings({PATH: text}) == ["targets at {4999}, not 3012"]


def test_what_nobody_knows_is_refused():
    document = yaml.safe_load(make_kong(PROD)[PATH])
    document["services"][0]["retrys"] = 3
    with pytest.raises(ValidationError, match="retrys"):
        Configuration.model_validate(document)
    document = yaml.safe_load(make_kong(PROD)[PATH])
    document["services"][0]["host"] = "nowhere"
    assert any(
        "no upstream nowhere" in message for message in findings({PATH: yaml.dump(document)})
    )
