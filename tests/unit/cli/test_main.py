import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tiketi.cli.main import COMMANDS, build


def invoke(*arguments):
    return CliRunner().invoke(build(list(arguments)), list(arguments))


def run(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], check=True, capture_output=True, text=True
    ).stdout


def test_help_lists_every_command():
    answer = invoke("--help")
    assert answer.exit_code == 0
    assert all(command.name in answer.output for command in COMMANDS)


def test_help_imports_no_command():
    slow = ["sqlalchemy", "alembic", "hypercorn", "redis", "starlette", "asyncpg"]
    program = (
        "import sys; from tiketi.cli.main import build; build(['--help'])\n"
        f"print([name for name in {slow!r} if name in sys.modules])"
    )
    assert run("-c", program).strip() == "[]"


@pytest.mark.parametrize("name", ["up", "serve", "migrate", "doctor"])
def test_command_explains_itself(name):
    answer = invoke(name, "--help")
    assert answer.exit_code == 0
    assert "Usage" in answer.output


def test_module_runs_as_the_command_does():
    assert run("-m", "tiketi", "--version").startswith("tiketi ")


def test_unknown_service_is_a_usage_error_that_names_the_known():
    answer = invoke("serve", "tickets")
    assert answer.exit_code == 2
    assert "reservation" in answer.stderr


def test_service_without_stores_says_what_to_set(monkeypatch):
    monkeypatch.delenv("TIKETI_DATABASE_URL", raising=False)
    monkeypatch.delenv("TIKETI_REDIS_URL", raising=False)
    answer = invoke("serve", "auth")
    assert answer.exit_code == 2
    assert "TIKETI_DATABASE_URL" in answer.stderr
    assert "TIKETI_REDIS_URL" in answer.stderr


def test_up_refuses_two_kinds_of_keeping(tmp_path):
    answer = invoke("up", "--ephemeral", "--data", str(tmp_path))
    assert answer.exit_code == 2
