"""Where a path leads: its segments walked down a tree, whatever the number of paths."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

# Paths that a table remembers, and how long they may be.
KEPT_MAX = 2_048
KEPT_CHARACTERS_MAX = 256


@dataclass(slots=True)
class _Node(Generic[T]):
    fixed: dict[str, "_Node[T]"] = field(default_factory=dict)
    parameter: "_Node[T] | None" = None
    # What ends here, with the names of the parameters on the way.
    leaf: tuple[T, tuple[str, ...]] | None = None


class Table(Generic[T]):
    """A path's parameters, in braces, stand for one segment each, whatever is in it but nothing.

    A fixed segment goes before a parameter in the same place.
    """

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        # Busy services are asked for the same few paths over and over.
        self._found: dict[str, tuple[T, dict[str, str]]] = {}

    def add(self, path: str, target: T) -> None:
        node, names = self._root, list[str]()
        for segment in path.split("/"):
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.fixed.setdefault(segment, _Node())
        node.leaf = target, tuple(names)

    def find(self, path: str) -> tuple[T, dict[str, str]] | None:
        """The target and the parameters by their names, which are not to be changed, or None."""
        known = self._found.get(path)
        if known is not None:
            return known
        found = self._find(path)
        if found is not None and len(path) <= KEPT_CHARACTERS_MAX:
            if len(self._found) >= KEPT_MAX:
                self._found.clear()
            self._found[path] = found
        return found

    def _find(self, path: str) -> tuple[T, dict[str, str]] | None:
        values: list[str] = []
        leaf = _walk(self._root, path.split("/"), 0, values)
        if leaf is None:
            return None
        target, names = leaf
        return target, dict(zip(names, values, strict=True))


def _walk(
    node: _Node[T], segments: list[str], at: int, values: list[str]
) -> tuple[T, tuple[str, ...]] | None:
    """The leaf below the node; its depth is that of the deepest path, not the caller's choice."""
    if at == len(segments):
        return node.leaf
    segment = segments[at]
    fixed = node.fixed.get(segment)
    if fixed is not None:
        leaf = _walk(fixed, segments, at + 1, values)
        if leaf is not None:
            return leaf
    if node.parameter is None or not segment:
        return None
    values.append(segment)
    leaf = _walk(node.parameter, segments, at + 1, values)
    if leaf is None:
        values.pop()
    return leaf
