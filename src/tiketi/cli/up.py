"""`tiketi up`: everything on this machine."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tiketi.cli.banner import Banner
from tiketi.cli.children import Ports
from tiketi.cli.data_directory import DEFAULT_DATA, DataDirectory, default_data_directory
from tiketi.cli.environment import fail, load_settings, unknown_settings
from tiketi.cli.local import Interrupted, LocalSystem
from tiketi.infra.embedded import DirectoryInUse, EmbeddedError, throwaway_directory
from tiketi.services.registry import EDGE

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(
    *,
    port: Annotated[
        int, typer.Option(help="The site's port: the web application and every service.")
    ] = EDGE.port,
    service_port_base: Annotated[
        int | None, typer.Option(help="Six ports from here for the services, instead of 3010-3015.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help=f"Where everything is kept. {DEFAULT_DATA}")
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Keep nothing: a directory that goes at the end.")
    ] = False,
    no_seed: Annotated[
        bool, typer.Option("--no-seed", help="Start without the demo's events.")
    ] = False,
    seed: Annotated[Path | None, typer.Option(help="Load this file instead of the demo.")] = None,
) -> None:
    """Everything on this machine: stores, six services, the site. Ctrl-C ends it.

    Brings its own PostgreSQL and Valkey, unless TIKETI_DATABASE_URL and TIKETI_REDIS_URL name
    others, and finds its data again the next time.
    """
    if ephemeral and data is not None:
        fail("--ephemeral and --data exclude each other", code=2)
    if seed is not None and not seed.is_file():
        fail(f"there is no file {seed}", code=2)
    settings = load_settings()
    banner = Banner()
    for line in unknown_settings():
        banner.warn(line)
    stopping = _watch_signals()
    home = throwaway_directory() if ephemeral else (data or default_data_directory())
    directory = DataDirectory(home)
    system = LocalSystem(
        directory,
        settings,
        Ports(port, service_port_base),
        ephemeral=ephemeral,
        say=banner.say,
        stopping=stopping,
    )
    try:
        system.open()
    except (DirectoryInUse, OSError) as error:
        fail(str(error))
    try:
        system.start(seed=lambda: None if no_seed else _seed(system, seed))
        assert system.admin is not None
        banner.ready(system.running, system.admin, own_stores=settings.database_url is None)
        system.supervise()
    except Interrupted:
        pass
    except (EmbeddedError, OSError) as error:
        system.stop()
        fail(str(error))
    finally:
        banner.say("stopping …")
        system.stop()
        banner.say("stopped")


def _watch_signals() -> Callable[[], bool]:
    """Whether one of the signals that stop us has come."""
    received: list[int] = []
    for number in STOP_SIGNALS:
        signal.signal(number, lambda got, _frame: received.append(got))
    return lambda: bool(received)


def _seed(system: LocalSystem, file: Path | None) -> None:
    """The demo, the first time; a file, whenever it is given."""
    if file is None and system.is_seeded:
        return
