"""The house stays as it was drawn: sizes, names, doors, and who reads clock and environment."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tiketi"
MODULES = (
    "admin", "planning", "live", "payments", "reservations", "tickets", "seats", "queue", "events",
    "auth", "notifications",
)  # fmt: skip

FILE_LINES_MAX = 300
TEST_LINES_MAX = 500
MEDIAN_LINES_MAX = 100
FUNCTION_LINES_MAX = 50
LUA_LINES_MAX = 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}


def python_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_source_file_is_long():
    long = {relative(path): lines_of(path) for path in python_files(SOURCE)}
    assert {path: n for path, n in long.items() if n > FILE_LINES_MAX} == {}


def test_no_test_file_is_long():
    long = {relative(path): lines_of(path) for path in python_files(ROOT / "tests")}
    assert {path: n for path, n in long.items() if n > TEST_LINES_MAX} == {}


def test_the_median_file_is_short():
    sizes = [lines_of(path) for path in python_files(SOURCE) if lines_of(path) > 0]
    assert statistics.median(sizes) < MEDIAN_LINES_MAX


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_function_is_long():
    """Its body: a command's signature is the list of its options."""
    long = [
        f"{relative(path)}:{function.lineno} {function.name}"
        for path in python_files(SOURCE)
        for function in functions(path)
        if (function.end_lineno or 0) - function.body[0].lineno + 1 >= FUNCTION_LINES_MAX
    ]
    assert long == []


def test_lua_scripts_are_short_and_say_what_they_take():
    scripts = sorted(SOURCE.rglob("*.lua"))
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert len(text.splitlines()) < LUA_LINES_MAX, relative(script)
        assert text.startswith("-- "), f"{relative(script)} does not open with what it is"


def test_no_file_is_named_after_nothing():
    names = {path.stem for path in SOURCE.rglob("*")} | {path.name for path in SOURCE.rglob("*")}
    assert names & FORBIDDEN_NAMES == set()


def imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


@pytest.mark.parametrize("module", MODULES)
def test_other_modules_come_in_by_the_door(module):
    door = f"tiketi.{module}.api"
    intruders = []
    for path in python_files(SOURCE):
        owner = path.relative_to(SOURCE).parts[0]
        # Services and the command line start what a module runs: its routes and loops.
        if owner in (module, "services"):
            continue
        intruders += [
            f"{relative(path)}:{line} {name}"
            for line, name in imported(path)
            if name.startswith(f"tiketi.{module}.")
            and not f"{name}.".startswith(f"{door}.")
            and not (owner == "cli" and name.startswith("tiketi.admin.catalogue"))
        ]
    assert intruders == []


def test_only_the_settings_read_the_environment():
    readers = [
        f"{relative(path)}:{line}"
        for path in python_files(SOURCE)
        for line, name in imported(path)
        if name in ("os.environ", "os.getenv")
    ] + [
        relative(path)
        for path in python_files(SOURCE)
        if "os.environ" in path.read_text(encoding="utf-8") and path.name != "settings.py"
    ]
    # Child processes are given an environment, which starts from this one.
    assert [path for path in readers if "embedded/" not in path and "cli/" not in path] == []


def test_only_the_kernel_reads_the_clock():
    readers = [
        relative(path)
        for path in python_files(SOURCE)
        if "datetime.now(" in path.read_text(encoding="utf-8")
        or "time.time(" in path.read_text(encoding="utf-8")
    ]
    assert readers == ["src/tiketi/kernel/clock.py"]


def test_nothing_is_left_unfinished():
    marks = ("NotImplemented" + "Error", "TO" + "DO", "FIX" + "ME", "X" + "XX")
    found = [
        f"{relative(path)} {mark}"
        for path in python_files(SOURCE)
        for mark in marks
        if mark in path.read_text(encoding="utf-8")
    ]
    assert found == []
