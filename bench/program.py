"""What every program of ratios does around its own measuring and judging."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.load import SECONDS, require_tools
from bench.ratios import Ratio, print_ratios, write_json
from bench.stage import Stage, open_stage

Figures = dict[str, list[float]]


def run_program(
    name: str,
    about: str | None,
    *,
    servers: Sequence[str],
    tools: Sequence[str],
    measure: Callable[[Stage, list[str], int], Figures],
    judge: Callable[[Figures, list[str]], list[Ratio]],
    durable: bool = False,
) -> int:
    """Its exit status: 1 when a floor is missed."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--server", action="append", choices=sorted(servers))
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    require_tools(*tools)
    pressed = chosen.server or sorted(servers)
    print(f"{chosen.rounds} rounds of {SECONDS} s a figure, {', '.join(pressed)}")
    with open_stage(durable=durable) as stage:
        figures = measure(stage, pressed, chosen.rounds)
    ratios = judge(figures, pressed)
    if chosen.json:
        write_json(chosen.json, ratios, dict(figures))
    return 0 if print_ratios(ratios) else 1


def print_round(number: int, figures: Figures) -> None:
    print(f"round {number + 1}", {name: round(of[-1]) for name, of in figures.items()}, flush=True)


def over(figures: Figures, name: str, ceiling: str) -> tuple[float, ...]:
    """The figure as a share of its ceiling, round by round."""
    return tuple(a / b for a, b in zip(figures[name], figures[ceiling], strict=True))
