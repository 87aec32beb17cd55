"""Names that must differ and names that must exist, read from the tree itself.

So that an item with another mistake is still known by its name, and its references checked.
"""

from collections.abc import Iterator

from tiketi.admin.catalogue.node import Loc, Node

Finding = tuple[Loc, str]

# A list of named items, by the steps that lead to it ("*" is every item), and what names one.
_UNIQUE: tuple[tuple[tuple[str, ...], str], ...] = (
    (("venues",), "name"),
    (("layouts",), "name"),
    (("layouts", "*", "sections"), "name"),
    (("layouts", "*", "sections", "*", "rows"), "name"),
    (("layouts", "*", "sections", "*", "rows", "*", "seats"), "number"),
    (("events",), "slug"),
    (("events", "*", "tiers"), "name"),
)
_REFERENCES = (("venue", "venues"), ("layout", "layouts"))


def check_names(root: Node) -> Iterator[Finding]:
    """The findings, each at the name that is a repetition or leads nowhere."""
    for steps, field in _UNIQUE:
        for loc, items in _lists(root, steps):
            yield from _repetitions(loc, items, field)
    known = {
        group: {name for _, name in _named(_list(root, group), "name")} for _, group in _REFERENCES
    }
    for field, group in _REFERENCES:
        for index, name in _named(_list(root, "events"), field):
            if name not in known[group]:
                yield ("events", index, field), f"no {field} of the name {name[:40]!r}"


def _repetitions(loc: Loc, items: list[Node], field: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, name in _named(items, field):
        if first.setdefault(name, index) != index:
            yield (*loc, index, field), f"the {field} of {loc[-1]}[{first[name]}] again"


def _named(items: list[Node], field: str) -> Iterator[tuple[int, str]]:
    for index, item in enumerate(items):
        name = item.value.get(field) if isinstance(item.value, dict) else None
        if name is not None and name.value is not None and name.source is not None:
            yield index, name.source


def _lists(root: Node, steps: tuple[str, ...]) -> Iterator[tuple[Loc, list[Node]]]:
    found: list[tuple[Loc, Node]] = [((), root)]
    for step in steps:
        found = [
            ((*loc, key), child) for loc, node in found for key, child in _children(node, step)
        ]
    for loc, node in found:
        if isinstance(node.value, list):
            yield loc, node.value


def _children(node: Node, step: str) -> Iterator[tuple[str | int, Node]]:
    if step == "*" and isinstance(node.value, list):
        yield from enumerate(node.value)
    elif isinstance(node.value, dict) and step in node.value:
        yield step, node.value[step]


def _list(root: Node, group: str) -> list[Node]:
    return next((items for _, items in _lists(root, (group,))), [])
