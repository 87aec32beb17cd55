"""docs/plan.md and docs/plan.schema.json are those of this code."""

import ast
import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator

from tests.unit.planning.test_planning_tasks import SALE
from tiketi.admin.catalogue import models
from tiketi.cli import plan as command
from tiketi.planning import domain, figures, prediction, schedule
from tiketi.planning.document import plan_schema, plan_text, schema_text
from tiketi.planning.domain import PastAudience
from tiketi.planning.planner import make_plan
from tiketi.planning.prediction import predict_audience
from tiketi.services.registry import SERVICES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/plan.md").read_text(encoding="utf-8")
PLANNING = ROOT / "src/tiketi/planning"
# deploy/ may import these without the system's dependencies.
ARITHMETIC = ("domain", "figures", "loads", "planner", "prediction", "schedule", "sizing")


def example() -> str:
    """The plan of the page: a hall of 15,000, the artist's last two lines 420,000 and 300,000."""
    sale = replace(
        SALE,
        event_id=UUID("019a8e00-0000-7000-8000-000000000001"),
        title="겨울 세레나데",
        places=15_000,
        capacity=2_000,
        rate_per_minute=3_000,
    )
    past = [PastAudience(people, 12_000, is_lower_bound=False) for people in (420_000, 300_000)]
    audience = predict_audience(said=None, past=past, places=sale.places)
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    return plan_text(make_plan(sale, audience, SERVICES, server="hypercorn", now=now))


def test_the_example_of_the_page_is_made_by_this_code():
    """`python -m tests.unit.planning.test_planning_document` prints it."""
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert block == example()


def test_every_door_takes_the_same_largest_audience():
    assert models.AUDIENCE_MAX == command.AUDIENCE_MAX == domain.AUDIENCE_MAX


def test_the_example_keeps_the_schema():
    Draft202012Validator.check_schema(plan_schema())
    Draft202012Validator(plan_schema()).validate(json.loads(example()))


def test_the_schema_of_the_documents_is_current():
    """`tiketi plan --schema > docs/plan.schema.json` makes it so."""
    assert (ROOT / "docs/plan.schema.json").read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("module", [figures, prediction, schedule])
def test_every_figure_is_on_the_page(module):
    """Whoever reads a plan can see, and doubt, everything that it takes for granted."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    names = {
        name.id for node in assigned for name in ast.walk(node.targets[0])
        if isinstance(name, ast.Name)
    }  # fmt: skip
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize("module", ARITHMETIC)
def test_the_arithmetic_needs_the_standard_library_only(module):
    tree = ast.parse((PLANNING / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            root = (node.module or "").split(".")[0]
            named = {f"{node.module}.{alias.name}" for alias in node.names}
            own = {f"tiketi.planning.{each}" for each in ARITHMETIC}
            assert root in sys.stdlib_module_names or any(
                name.startswith(tuple(own)) for name in named
            ), (module, node.module)


if __name__ == "__main__":
    sys.stdout.write(example())
