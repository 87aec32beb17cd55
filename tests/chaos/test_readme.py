"""What the README tells a newcomer to paste, pasted."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.local_system import Up, free_port_block
from tiketi.infra.embedded import throwaway_directory

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def system():
    home = throwaway_directory("tiketi-readme-")
    up = Up(home / "state", free_port_block()).wait_ready()
    yield up
    up.terminate()
    shutil.rmtree(home)


def test_the_tour_ends_with_a_ticket(system):
    tour = re.search(r"<!-- tour -->\n```sh\n(.*?)```", README.read_text("utf-8"), re.DOTALL)[1]
    assert len(re.findall(r"^# \d+\.", tour, re.MULTILINE)) == 10
    script = "set -eu\n" + tour.replace("http://127.0.0.1:8080", system.running.edge_url)
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    *_, status, code = done.stdout.splitlines()
    assert status == "confirmed"
    assert re.fullmatch(r"[0-9A-Z]{26}", code)
