"""Lua scripts as files beside the store that runs them.

A line ``-- include NAME`` is replaced by the file NAME.lua of the same folder, so that two
scripts can share a step without a second round trip.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_INCLUDE = "-- include "


@dataclass(frozen=True, slots=True)
class LuaScript:
    name: str
    source: str


@cache
def load_script(package: str, name: str) -> LuaScript:
    """The script ``lua/<name>.lua`` of a package; FileNotFoundError when there is none."""
    return LuaScript(f"{package}:{name}", _read(files(package) / "lua", name))


def _read(folder: Traversable, name: str) -> str:
    lines = (folder / f"{name}.lua").read_text(encoding="utf-8").splitlines()
    return "\n".join(
        _read(folder, line.removeprefix(_INCLUDE).strip()) if line.startswith(_INCLUDE) else line
        for line in lines
    )
