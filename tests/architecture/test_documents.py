"""Documents that are made from the code are made from this code."""

from pathlib import Path

from tiketi.cli.settings import describe_settings
from tiketi.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_settings_page_is_current():
    """`tiketi settings > docs/settings.md` makes it so."""
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == describe_settings()


def test_every_setting_says_what_it_is():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_adr_is_numbered_in_turn():
    names = sorted(path.name for path in (ROOT / "docs/adr").glob("*.md"))
    assert [int(name.split("-")[0]) for name in names] == list(range(1, len(names) + 1))
