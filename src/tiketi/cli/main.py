"""The `tiketi` command. Only the command that was asked for is imported, so that help is quick."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer

import tiketi


@dataclass(frozen=True, slots=True)
class Command:
    """``target`` is ``module:function``, a function that typer can read."""

    name: str
    target: str
    help: str

    def load(self) -> Callable[..., Any]:
        module, _, function = self.target.partition(":")
        loaded: Callable[..., Any] = getattr(import_module(module), function)
        return loaded


COMMANDS = (
    Command("up", "tiketi.cli.up:up", "Everything on this machine: stores, services, the site."),
    Command("serve", "tiketi.cli.serve:serve", "One service on its port."),
    Command("migrate", "tiketi.cli.migrate:migrate", "Bring the database to this version."),
    Command("seed", "tiketi.cli.seed:seed", "Load venues, halls and events from a file."),
    Command("doctor", "tiketi.cli.doctor:doctor", "Say what is wrong here and what to do."),
    Command("simulate", "tiketi.cli.simulate.command:simulate", "Send a crowd to an on-sale."),
    Command("settings", "tiketi.cli.settings:settings", "Every setting, as a table."),
    Command(
        "verify-draw", "tiketi.cli.verify_draw:verify_draw", "Check a draw, and a place in it."
    ),
    Command("plan", "tiketi.cli.plan:plan", "What an event's opening needs, and when to scale."),
    Command("invariants", "tiketi.cli.invariants:invariants", "Check that every promise holds."),
)


def build(arguments: list[str]) -> typer.Typer:
    """The application, with the command that ``arguments`` name and stand-ins for the others."""
    app = typer.Typer(
        name="tiketi",
        help="Sells the seats of a high-demand event.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    asked = next((word for word in arguments if not word.startswith("-")), None)
    for command in COMMANDS:
        function = command.load() if command.name == asked else _stand_in
        app.command(command.name, help=command.help)(function)
    return app


def main() -> None:
    build(sys.argv[1:])()


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tiketi {tiketi.__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="And leave.")
    ] = False,
) -> None:
    del version  # its callback has answered


def _stand_in() -> None:
    """For a command that is listed in the help but was not asked for."""
