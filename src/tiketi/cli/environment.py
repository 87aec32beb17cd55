"""The settings as a command needs them: read, or explained."""

import difflib
from typing import NoReturn

import typer
from pydantic import ValidationError

from tiketi.settings import Settings, inherited_environment

PREFIX = "TIKETI_"
USAGE_ERROR = 2


def load_settings() -> Settings:
    """Exits with an explanation of every setting that does not parse."""
    try:
        return Settings()
    except ValidationError as error:
        fail(*explain(error), code=USAGE_ERROR)


def explain(error: ValidationError) -> list[str]:
    """A line for each wrong setting, by the name that it has in the environment."""
    return [
        f"{PREFIX}{str(part['loc'][0]).upper()}: {part['msg']}" if part["loc"] else part["msg"]
        for part in error.errors(include_url=False, include_input=False)
    ]


def unknown_settings() -> list[str]:
    """A line for each variable of the environment that looks like a setting and is none."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    lines = []
    for name in sorted(inherited_environment()):
        if name.startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            lines.append(f"{name} is not a setting{hint}")
    return lines


def fail(*lines: str, code: int = 1) -> NoReturn:
    """Say each line on standard error and leave."""
    for line in lines:
        typer.echo(f"tiketi: {line}", err=True)
    raise typer.Exit(code)
