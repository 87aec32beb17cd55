"""A rule reads documents and yields what is wrong with them; none of them writes anything."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deploy.emit import Documents
from deploy.environment import Environment


@dataclass(frozen=True, slots=True)
class Finding:
    """``document`` is a path, ``place`` where in it: a resource, a line, or nothing."""

    document: str
    place: str
    message: str


Rule = Callable[[Documents, Environment], Iterable[Finding]]
