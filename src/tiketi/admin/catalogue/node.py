"""A value of the file and where it stands."""

import re
from dataclasses import dataclass
from typing import Any

Loc = tuple[str | int, ...]
Value = bool | float | str | list["Node"] | dict[str, "Node"] | None

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_]{1,40}")
_KEY_CHARACTERS_MAX = 40


@dataclass(slots=True)
class Node:
    """A value with its place, from 1. ``source`` is a scalar's text as it was written.

    ``refused`` marks one whose value stands for nothing, since a problem was already reported.
    """

    value: Value
    line: int
    column: int
    source: str | None = None
    refused: bool = False
    key_line: int = 0
    key_column: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a location leads: its node (or None), its place, its path, as far as it exists."""

    node: Node | None
    line: int
    column: int
    path: str
    refused: bool


def path_of(loc: Loc) -> str:
    """``("events", 0, "prices", "VIP")`` as ``events[0].prices.VIP``."""
    path = ""
    for step in loc:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            path += f".{step}" if path else step
        else:
            path += f"[{step[:_KEY_CHARACTERS_MAX]!r}]"
    return path


def plain(node: Node) -> Any:
    """The node as JSON-like builtins; the tree's depth is bounded where it is read."""
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return node.value


def find_spot(root: Node, loc: Loc, *, at_key: bool = False) -> Spot:
    """Follows a location. A step that a scalar or list cannot take is a union's tag, skipped.

    A field that is missing leads to the mapping that misses it; ``at_key`` points at the key.
    """
    node, walked, refused, by_key = root, list[str | int](), root.refused, False
    for index, step in enumerate(loc):
        if isinstance(node.value, dict) and isinstance(step, str):
            if step not in node.value:
                path = path_of((*walked, *loc[index:]))
                return Spot(None, node.line, node.column, path, refused)
            walked.append(step)
            node, by_key = node.value[step], True
        elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
            walked.append(step)
            node, by_key = node.value[step], False
        refused = refused or node.refused
    line, column = (
        (node.key_line, node.key_column) if at_key and by_key else (node.line, node.column)
    )
    return Spot(node, line, column, path_of(tuple(walked)), refused)
