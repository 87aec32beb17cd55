"""`python -m deploy emit | check | cost`: run where pyproject.toml lies."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.emit import Target, make_documents, write_documents
from deploy.environment import ENVIRONMENTS

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def main() -> None:
    """Definitions of everything that Tiketi runs on."""


@app.command()
def emit(
    env: Annotated[str, typer.Option(help=f"One of {', '.join(ENVIRONMENTS)}.")] = "prod",
    target: Annotated[Target, typer.Option()] = "both",
    out: Annotated[Path, typer.Option(help="The folder; made if missing.")] = Path("build/deploy"),
) -> None:
    """Write every definition of an environment into a folder."""
    if env not in ENVIRONMENTS:
        raise typer.BadParameter(f"no environment {env!r}; there are {', '.join(ENVIRONMENTS)}")
    documents = make_documents(ENVIRONMENTS[env], target)
    write_documents(documents, out)
    typer.echo(f"{len(documents)} documents in {out}")


if __name__ == "__main__":
    app()
