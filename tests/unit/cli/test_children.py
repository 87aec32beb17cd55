"""Who is told what: a service knows its own role, and only who signs has the key."""

import pytest

from tiketi.cli.children import Ports, make_children
from tiketi.cli.data_directory import DataDirectory
from tiketi.cli.stores import Stores
from tiketi.services.registry import EDGE, SERVICES
from tiketi.settings import Settings

REGISTRYS = Ports(8080)
EXTERNAL = {"database_url": "postgresql://given@db/tiketi", "redis_url": "redis://given:6379"}


@pytest.fixture
def environments(tmp_path):
    data = DataDirectory(tmp_path)
    secrets = data.secrets([service.role for service in (*SERVICES, EDGE)])

    def make(ports=REGISTRYS, **settings):
        chosen = Settings(**{**EXTERNAL, **settings})
        stores = Stores(data, chosen, ephemeral=True)
        children = make_children(data, chosen, stores, secrets, ports)
        return {child.name: child._environment for child in children}

    return make


def test_only_who_signs_has_the_key(environments):
    found = environments()
    assert {name for name, env in found.items() if "TIKETI_SIGNING_KEY" in env} == {
        "auth",
        "queue",
        "edge",
    }
    assert all("TIKETI_JWKS" in env for env in found.values() if "TIKETI_SIGNING_KEY" not in env)


def test_callers_own_key_reaches_nobody_else(environments, monkeypatch):
    monkeypatch.setenv("TIKETI_SIGNING_KEY", "dGVzdC1vbmx5LXNpZ25pbmcta2V5LW9mLTMyLWJ5dGU")
    monkeypatch.setenv("TIKETI_ADMIN_PASSWORD", "only-for-the-first-admin")
    found = environments()
    assert found["auth"]["TIKETI_SIGNING_KEY"].startswith("dGVzdC1")
    assert "TIKETI_SIGNING_KEY" not in found["payment"]
    assert not any("TIKETI_ADMIN_PASSWORD" in env for env in found.values())


def test_given_database_is_entered_under_each_services_role(environments):
    found = environments()
    assert {env["TIKETI_DATABASE_URL"] for env in found.values()} == {EXTERNAL["database_url"]}
    assert {name: env["TIKETI_DATABASE_ROLE"] for name, env in found.items()} == {
        service.name: service.role for service in (*SERVICES, EDGE)
    }


def test_ports_are_the_registrys_or_follow_the_base(environments):
    ports = {name: env["TIKETI_PORT"] for name, env in environments().items()}
    assert ports == {service.name: str(service.port) for service in (*SERVICES, EDGE)}
    based = {name: env["TIKETI_PORT"] for name, env in environments(Ports(9000, 13010)).items()}
    assert based["auth"] == "13010"
    assert based["admin"] == "13015"
    assert based["edge"] == "9000"


def test_sandbox_calls_the_payment_service_of_this_system(environments):
    found = environments(Ports(9000, 13010))
    url = "http://127.0.0.1:13014/api/v1/payments/webhooks/sandbox"
    assert {env["TIKETI_SANDBOX_WEBHOOK_URL"] for env in found.values()} == {url}


def test_what_the_caller_set_stays_set(environments, monkeypatch):
    monkeypatch.setenv("TIKETI_HOLD_TTL_SECONDS", "42")
    monkeypatch.setenv("TIKETI_SHUTDOWN_NOTICE_SECONDS", "3")
    auth = environments()["auth"]
    assert auth["TIKETI_HOLD_TTL_SECONDS"] == "42"
    assert auth["TIKETI_SHUTDOWN_NOTICE_SECONDS"] == "3"


def test_mail_goes_to_files_until_there_is_a_server(environments, tmp_path):
    assert environments()["auth"]["TIKETI_MAIL_DIRECTORY"] == str(tmp_path / "mail")
    assert "TIKETI_MAIL_DIRECTORY" not in environments(smtp_url="smtp://mail")["auth"]
