"""The dated price table: prices.csv beside this file, one price a line with its source."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

TABLE = Path(__file__).with_name("prices.csv")
EVERYWHERE = "*"
Certainty = Literal["quoted", "unchecked", "estimate"]
CERTAINTIES: tuple[Certainty, ...] = ("quoted", "unchecked", "estimate")


class UnknownPrice(LookupError):
    """The table has no such item in the region."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a unit; a discount is a share of one. ``quoted``: a public page says the same;
    ``unchecked``: the list price as it is known, compared with nothing; ``estimate``: neither.
    """

    item: str
    region: str
    unit: str
    usd: float
    certainty: Certainty
    as_of: str
    source: str


class Prices:
    """One region's."""

    def __init__(self, region: str, table: Path = TABLE) -> None:
        self.region = region
        self._prices = {
            price.item: price
            for price in read_prices(table)
            if price.region in (EVERYWHERE, region)
        }

    def __getitem__(self, item: str) -> float:
        return self.price(item).usd

    def price(self, item: str) -> Price:
        try:
            return self._prices[item]
        except KeyError:
            raise UnknownPrice(
                f"no price of {item} in {self.region}: add it to prices.csv"
            ) from None

    def starting_with(self, prefix: str) -> dict[str, float]:
        """By what comes after the prefix."""
        return {
            item.removeprefix(prefix): price.usd
            for item, price in self._prices.items()
            if item.startswith(prefix)
        }


def read_prices(table: Path = TABLE) -> list[Price]:
    """Raises ValueError for a line that says no price, or not how sure it is."""
    found = []
    with table.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            if line["certainty"] not in CERTAINTIES:
                raise ValueError(f"{line['item']}: certainty {line['certainty']!r}")
            certainty = CERTAINTIES[CERTAINTIES.index(line["certainty"])]
            found.append(
                Price(
                    item=line["item"],
                    region=line["region"],
                    unit=line["unit"],
                    usd=float(line["usd"]),
                    certainty=certainty,
                    as_of=line["as_of"],
                    source=line["source"],
                )
            )
    return found
