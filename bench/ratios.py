"""Figures of several rounds, as ratios to a ceiling of the same round, against their bars."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ratio:
    """``floor`` is to be reached; ``aim`` is where it should go. ``values``: one a round."""

    name: str
    floor: float
    aim: float
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def is_reached(self) -> bool:
        return self.median >= self.floor


def print_ratios(ratios: Sequence[Ratio]) -> bool:
    """A table of them; whether every floor is reached."""
    print(f"{'ratio':44} {'min':>6} {'median':>7} {'max':>6} {'floor':>6} {'aim':>5}")
    for ratio in ratios:
        verdict = "" if ratio.is_reached else "  missed"
        print(
            f"{ratio.name:44} {min(ratio.values):6.2f} {ratio.median:7.2f} "
            f"{max(ratio.values):6.2f} {ratio.floor:6.2f} {ratio.aim:5.2f}{verdict}"
        )
    return all(ratio.is_reached for ratio in ratios)


def write_json(path: Path, ratios: Sequence[Ratio], figures: dict[str, list[float]]) -> None:
    """The same for machines; ``figures`` are the absolute ones, a round each."""
    document = {"ratios": [asdict(ratio) for ratio in ratios], "figures": figures}
    path.write_text(json.dumps(document, indent=2) + "\n")
