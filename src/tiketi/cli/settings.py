"""Every setting there is, from the class that reads them."""

from typing import Any

from pydantic_core import PydanticUndefined

from tiketi.settings import Settings

_HEAD = """# Settings

Read from the environment, once, at start. A name ends in its unit. What an event sets for itself
wins.
Printed by `tiketi settings`.

| variable | default | meaning |
|---|---|---|
"""


def settings() -> None:
    """Print every setting as a Markdown table."""
    print(describe_settings(), end="")


def describe_settings() -> str:
    """The table, one line a setting, in the order of the class."""
    rows = (
        f"| `TIKETI_{name.upper()}` | {_default(field.default)} | {field.description or ''} |\n"
        for name, field in Settings.model_fields.items()
    )
    return _HEAD + "".join(rows)


def _default(value: Any) -> str:
    if value is None or value is PydanticUndefined or value == ():
        return ""
    return f"`{value}`"
