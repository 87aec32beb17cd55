"""Documents into a folder: the same input makes the same bytes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from deploy.aws.guide import make_guide
from deploy.aws.stacks import make_ecs, make_shared
from deploy.environment import Environment
from deploy.haproxy import make_haproxy
from deploy.kong.configuration import make_kong
from deploy.kubernetes.documents import make_kubernetes

Target = Literal["ecs", "eks", "both"]
Kind = Literal["shared", "ecs", "eks"]
# Relative path → text. A maker knows nothing of the folder, nor of the other makers.
Documents = Mapping[str, str]
Maker = Callable[[Environment], Documents]

# A maker that is not in this list does not run.
MAKERS: dict[Kind, tuple[Maker, ...]] = {
    "shared": (make_haproxy, make_shared, make_guide),
    "ecs": (make_ecs,),
    "eks": (make_kubernetes, make_kong),
}


def make_documents(environment: Environment, target: Target) -> dict[str, str]:
    """Everything for the target, by path.

    Raises ValueError if two makers name the same path.
    """
    kinds: tuple[Kind, ...] = ("shared", "ecs", "eks") if target == "both" else ("shared", target)
    found: dict[str, str] = {}
    for kind in kinds:
        for maker in MAKERS[kind]:
            for path, text in maker(environment).items():
                if path in found:
                    raise ValueError(f"two documents are called {path}")
                found[path] = text
    return dict(sorted(found.items()))


def write_documents(documents: Documents, folder: Path) -> None:
    """Makes the folders that are missing; what lies there of the same name is replaced."""
    for path, text in documents.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
