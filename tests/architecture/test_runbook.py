"""The runbook names commands, options, settings, tests and pages that exist."""

import re
from pathlib import Path

import pytest
import typer.main

from deploy.__main__ import app
from tiketi.cli.main import COMMANDS, build
from tiketi.settings import Settings

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")


def options_after(place: re.Match[str]) -> set[str]:
    """Of the command that begins there: to the end of its line or of its quotation."""
    line = RUNBOOK[place.start() :].partition("\n")[0]
    return set(re.findall(r"(--[a-z-]+)", re.split(r"[`;#>]", line)[0]))


def known_options(program: typer.Typer, name: str) -> set[str]:
    group = typer.main.get_command(program)
    command = group.commands[name]
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("place", list(re.finditer(r"\btiketi ([a-z-]+)", RUNBOOK)), ids=str)
def test_every_command_and_its_options_exist(place):
    quoted = RUNBOOK[: place.start()].count("`") % 2 or RUNBOOK[place.start() - 1] == "\n"
    if quoted:
        assert place[1] in {command.name for command in COMMANDS}
        assert options_after(place) <= known_options(build([place[1]]), place[1])


@pytest.mark.parametrize("place", list(re.finditer(r"-m deploy ([a-z]+)", RUNBOOK)), ids=str)
def test_every_emitter_and_its_options_exist(place):
    assert options_after(place) <= known_options(app, place[1])


def test_every_setting_exists():
    known = {f"TIKETI_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"TIKETI_[A-Z_]+", RUNBOOK)) <= known


def test_every_test_that_it_names_exists():
    named = re.findall(r"`pytest (?:-m long )?([\w/.]+)`", RUNBOOK)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", RUNBOOK)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
    anchors = set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK))
    headings = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    assert anchors <= {heading.lower().replace(" ", "-") for heading in headings}
