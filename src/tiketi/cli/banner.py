"""What `tiketi up` says: tidy on a terminal, one plain line a fact elsewhere."""

import contextlib

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from tiketi.cli.bootstrap import Admin
from tiketi.cli.running import RunningSystem


class Banner:
    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def say(self, line: str) -> None:
        """A step, or news of a child."""
        self._print(f"[dim]{_escaped(line)}[/dim]")

    def warn(self, line: str) -> None:
        self._print(f"[yellow]warning:[/yellow] {_escaped(line)}")

    def ready(self, system: RunningSystem, admin: Admin) -> None:
        """Where everything is; a made-up password is shown here and nowhere else."""
        facts = _facts(system, admin)
        if not self._console.is_terminal:
            for name, value in facts:
                self._print(_escaped(f"{name}: {value}"))
            self._print("ready")
            return
        table = Table.grid(padding=(0, 2))
        for name, value in facts:
            table.add_row(f"[dim]{name}[/dim]", _escaped(value))
        self._print(Panel(table, title="[bold]tiketi is up[/bold]", expand=False))
        self._print("[dim]Ctrl-C stops it.[/dim]")

    def _print(self, what: str | Panel) -> None:
        # The terminal may be gone; that must not stop the system.
        with contextlib.suppress(OSError, ValueError):
            self._console.print(what)


def _facts(system: RunningSystem, admin: Admin) -> list[tuple[str, str]]:
    facts = [("site", system.edge_url), ("documentation", f"{system.edge_url}/docs")]
    facts += [(name, url) for name, url in system.services.items()]
    facts.append(("sign in as", admin.email))
    if admin.password is not None:
        facts.append(("password (shown once)", admin.password))
    facts.append(("data", str(system.data_dir)))
    facts.append(("logs", str(system.data_dir / "logs")))
    facts.append(("store addresses", str(system.data_dir / "run.json")))
    return facts


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
