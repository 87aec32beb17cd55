"""compose.yaml's containers as plain processes on this machine, stores of our own behind them."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import yaml

ROOT = Path(__file__).parents[3]
VARIABLE = re.compile(r"\$\{(\w+):\?[^}]*\}")


def made_secrets(directory: Path) -> dict[str, str]:
    """What scripts/compose-secrets writes, run in a copy of where it runs."""
    scripts = directory / "scripts"
    scripts.mkdir()
    script = scripts / "compose-secrets"
    script.write_bytes((ROOT / "scripts/compose-secrets").read_bytes())
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    lines = (directory / ".env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


class Containers:
    """``addresses``: what stands for a name of compose's network, such as ``postgres:5432``."""

    def __init__(self, words: Mapping[str, str], addresses: Mapping[str, str]) -> None:
        self._words, self._addresses = words, addresses
        self.services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]

    def environment(self, name: str) -> dict[str, str]:
        found = {}
        for variable, text in self.services[name]["environment"].items():
            value = VARIABLE.sub(lambda match: self._words[match.group(1)], text)
            for theirs, ours in self._addresses.items():
                value = value.replace(theirs, ours)
            found[variable] = value
        return found

    def start(self, name: str, directory: Path) -> "subprocess.Popen[bytes]":
        """From this interpreter, or, with TIKETI_TEST_IMAGE_COMMAND, from an image."""
        words = os.environ.get("TIKETI_TEST_IMAGE_COMMAND", "").split()
        command = words or [sys.executable, "-m", "tiketi"]
        with (directory / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [*command, *self.services[name]["command"]],
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
                    "HOME": str(directory),
                    **self.environment(name),
                },
                cwd=directory,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=3).status_code == 200
    except httpx.HTTPError:
        return False


def word() -> str:
    return secrets.token_hex(8)
