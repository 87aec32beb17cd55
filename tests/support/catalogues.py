"""A small catalogue that is right, for tests to spoil one line at a time."""

from datetime import UTC, datetime
from typing import Any

import yaml

from tiketi.admin.catalogue.errors import CatalogueInvalid, Problem
from tiketi.admin.catalogue.models import Catalogue
from tiketi.admin.catalogue.parse import parse_catalogue

NOW = datetime(2026, 11, 22, 3, 4, 5, 678_901, tzinfo=UTC)

GOOD = """\
version: 1
venues:
  - name: 달빛소극장
    address: 서울 종로구 대학로 1
    timezone: Asia/Seoul
layouts:
  - name: small
    currency: KRW
    sections:
      - name: VIP
        rows: 2
        seats_per_row: 3
        price: 150000
      - name: "101"
        rows: [{name: A, seats: 4}, {name: B, seats: 5}]
        price: 90000
events:
  - slug: first-night
    title: 첫날 밤
    venue: 달빛소극장
    layout: small
    starts_at: 2026-12-24T19:30:00+09:00
    sale_opens_at: now
    currency: KRW
    tiers:
      - {name: standing, price: 50000, capacity: 100}
    limits: {seats_per_order: 2, seats_per_user: 4}
    queue: {capacity: 100, rate_per_minute: 60}
    refund_policy: {until: start-24h, percent: 90}
"""


def read(text: str | bytes) -> Catalogue:
    data = text.encode() if isinstance(text, str) else text
    return parse_catalogue(data, filename="c.yaml", now=NOW)


def problems_of(text: str | bytes) -> list[Problem]:
    try:
        read(text)
    except CatalogueInvalid as error:
        return list(error.problems)
    return []


def spoil(old: str, new: str) -> tuple[str, int]:
    """The good catalogue with one piece replaced, and the line where the piece begins."""
    assert GOOD.count(old) == 1, old
    return GOOD.replace(old, new), GOOD[: GOOD.index(old)].count("\n") + 1


class _JsonLoader(yaml.SafeLoader):
    """Without YAML 1.1's own idea of a date, which JSON has none of."""


_JsonLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag != "tag:yaml.org,2002:timestamp"]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_data(text: str) -> Any:
    """The file as JSON-like builtins, by a reader that is not the one under test."""
    return yaml.load(text, Loader=_JsonLoader)  # noqa: S506 # a SafeLoader by descent
