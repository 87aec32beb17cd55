"""What the registry and the rules say arrives in haproxy's configuration."""

from dataclasses import replace

from deploy.containers import SHUTDOWN_NOTICE_SECONDS
from deploy.environment import ENVIRONMENTS
from deploy.haproxy import CHECK_INTERVAL_SECONDS, make_haproxy
from deploy.routing import HEALTH_INTERVAL_SECONDS, UNHEALTHY_THRESHOLD
from tiketi.services.registry import SERVICES

PROD = ENVIRONMENTS["prod"]


def emitted(services=SERVICES) -> str:
    (text,) = make_haproxy(PROD, services).values()
    return text


def backend(text, name) -> str:
    return text.partition(f"backend {name}\n")[2].partition("\n\n")[0]


def test_another_port_and_another_size_arrive():
    first, *others = SERVICES
    changed = emitted([replace(first, port=4010, tasks_max=7), *others])
    assert "server-template auth 1-7 auth.tiketi-prod.internal:4010 " in backend(changed, "auth")
    assert backend(changed, "event") == backend(emitted(), "event")


def test_another_service_gets_a_rule_and_a_backend():
    new = replace(SERVICES[1], name="venues", prefixes=("venues",), port=3020)
    text = emitted([*SERVICES, new])
    assert "use_backend venues if to_api of_venues" in text
    assert "venues.tiketi-prod.internal:3020" in backend(text, "venues")


def test_the_api_is_called_at_every_pages_host_and_the_administrators_at_theirs_alone():
    lines = emitted().splitlines()
    assert [line.partition("-i ")[2].split() for line in lines if " acl to_" in line] == [
        ["api.tiketi.gg", "tiketi.gg", "admin.tiketi.gg"],
        ["admin.tiketi.gg"],
    ]


def test_only_the_queue_is_sticky():
    sticky = [service.name for service in SERVICES if "cookie" in backend(emitted(), service.name)]
    assert sticky == ["queue"]


def test_a_task_that_leaves_is_out_of_rotation_within_its_notice():
    assert CHECK_INTERVAL_SECONDS * UNHEALTHY_THRESHOLD < SHUTDOWN_NOTICE_SECONDS
    assert CHECK_INTERVAL_SECONDS <= HEALTH_INTERVAL_SECONDS


def test_the_same_input_makes_the_same_bytes():
    assert emitted() == emitted()
