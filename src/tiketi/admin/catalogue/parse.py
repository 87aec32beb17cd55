"""A catalogue file's bytes to its models, or every mistake with its line."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tiketi.admin.catalogue.document import read_document
from tiketi.admin.catalogue.errors import CatalogueInvalid, Problem
from tiketi.admin.catalogue.models import Catalogue, Event, Layout, Section, Venue
from tiketi.admin.catalogue.names import check_names
from tiketi.admin.catalogue.node import find_spot, plain
from tiketi.admin.catalogue.reasons import reason_for
from tiketi.admin.catalogue.rules import Finding, check_rules, check_section

M = TypeVar("M", bound=BaseModel)
_KEY = "[key]"  # how pydantic says that a mapping's key is at fault, not its value


def parse_catalogue(data: bytes, *, filename: str, now: datetime) -> Catalogue:
    """The catalogue that ``data`` (YAML or JSON, UTF-8) holds.

    ``now`` only checks the order of times. Raises ``CatalogueInvalid`` with all problems at once,
    and nothing else whatever the bytes are.
    """
    root, problems = read_document(data, filename=filename)
    values = plain(root)
    catalogue = None
    try:
        catalogue = Catalogue.model_validate(values)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            at_key = each["type"] == "extra_forbidden" or each["loc"][-1:] == (_KEY,)
            spot = find_spot(root, each["loc"], at_key=at_key)
            if not spot.refused:
                reason = reason_for(each, spot.node)
                problems.append(Problem(spot.line, spot.column, spot.path, reason))
    for loc, reason in (*check_names(root), *_check_rules(values, now)):
        spot = find_spot(root, loc)
        problems.append(Problem(spot.line, spot.column, spot.path, reason))
    if problems or catalogue is None:
        raise CatalogueInvalid(filename, problems)
    return catalogue


def _check_rules(values: Any, now: datetime) -> Iterator[Finding]:
    layouts = _items(values, "layouts")
    for index, layout in enumerate(layouts):
        for at, section in _well_formed(_items(layout, "sections"), Section):
            for loc, reason in check_section(section):
                yield ("layouts", index, "sections", at, *loc), reason
    yield from check_rules(
        _well_formed(_items(values, "venues"), Venue),
        _well_formed(layouts, Layout),
        _well_formed(_items(values, "events"), Event),
        now=now,
    )


def _items(values: Any, field: str) -> list[Any]:
    items = values.get(field) if isinstance(values, dict) else None
    return items if isinstance(items, list) else []


def _well_formed(items: list[Any], model: type[M]) -> list[tuple[int, M]]:
    """The items without mistakes of their own, so that all rules that can be checked are."""
    found = []
    for index, item in enumerate(items):
        try:
            found.append((index, model.model_validate(item)))
        except ValidationError:
            continue
    return found
