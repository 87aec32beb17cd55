"""The published JSON Schema is current, and agrees with the reader about shape."""

import json
from pathlib import Path

import jsonschema
import pytest

from tests.support.catalogues import GOOD, as_data, problems_of, spoil
from tiketi.admin.catalogue import models
from tiketi.admin.catalogue.demo import DEMO_NAMES, demo_data
from tiketi.admin.catalogue.schema import catalogue_schema, schema_text

DOCS = Path(__file__).parents[4] / "docs"
VALIDATOR = jsonschema.Draft202012Validator(catalogue_schema())


def test_published_schema_is_current():
    # Written by: tiketi seed --schema > docs/catalogue.schema.json
    assert (DOCS / "catalogue.schema.json").read_text(encoding="utf-8") == schema_text()


def test_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(catalogue_schema())


@pytest.mark.parametrize("name", DEMO_NAMES)
def test_shipped_data_is_valid_by_the_schema(name):
    VALIDATOR.validate(as_data(demo_data(name).decode()))


SHAPE_MISTAKES = [
    ("version: 1", "version: 2"),
    ("version: 1", "halls: []"),
    ("name: VIP", "name: vip"),
    ('name: "101"', "name: 101"),
    ("rows: 2", "rows: 2.5"),
    ("rows: 2", "rows: 0"),
    ("rows: 2", "rows: []"),
    ("price: 150000", "price: -1"),
    ("{name: B, seats: 5}", "{name: B}"),
    ("{name: B, seats: 5}", "{name: B, seats: 0}"),
    ("slug: first-night", "slug: First Night"),
    ("    sale_opens_at: now\n", ""),
    ("sale_opens_at: now", "sale_opens_at: soon"),
    ("2026-12-24T19:30:00+09:00", "2026-12-24T19:30:00"),
    ("until: start-24h", "until: whenever"),
    ("percent: 90", "percent: 101"),
    ("capacity: 100, rate", "capacity: -1, rate"),
    ("rate_per_minute: 60", "mode: lottery"),
    ("    tiers", "    prices: {vip: 3}\n    tiers"),
    ("    tiers", "    poster_url: javascript:alert(1)\n    tiers"),
]


@pytest.mark.parametrize(("old", "new"), SHAPE_MISTAKES)
def test_wrong_shape_is_refused_by_both(old, new):
    text, _ = spoil(old, new)
    assert problems_of(text)
    assert not VALIDATOR.is_valid(as_data(text))


def test_right_shape_is_accepted_by_both():
    assert not problems_of(GOOD)
    VALIDATOR.validate(as_data(GOOD))


def test_every_field_is_documented():
    page = (DOCS / "catalogue.md").read_text(encoding="utf-8")
    written = {
        f"`{field}`"
        for model in vars(models).values()
        if isinstance(model, type) and issubclass(model, models.Strict)
        for field in model.model_fields
    }
    assert written
    assert not [field for field in written if field not in page]


def test_documented_examples_are_right():
    page = (DOCS / "catalogue.md").read_text(encoding="utf-8")
    examples = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
    whole = [example for example in examples if "\nevents:" in example]
    assert whole
    for example in whole:
        assert problems_of(example) == []


def test_schema_text_is_plain_json():
    assert json.loads(schema_text())["title"] == "Tiketi catalogue"
