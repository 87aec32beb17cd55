"""`tiketi up`: everything on this machine."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiketi.cli.banner import Banner
from tiketi.cli.children import Ports
from tiketi.cli.data_directory import DEFAULT_DATA, DataDirectory, default_data_directory
from tiketi.cli.environment import USAGE_ERROR, fail, load_settings, unknown_settings
from tiketi.cli.local import Interrupted, LocalSystem
from tiketi.cli.seed import describe, load_catalogue, parse_source, read_source
from tiketi.infra.embedded import DirectoryInUse, EmbeddedError, throwaway_directory
from tiketi.services.registry import EDGE

if TYPE_CHECKING:
    from tiketi.admin.catalogue.models import Catalogue

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
        fail("--ephemeral and --data exclude each other", code=USAGE_ERROR)
    if no_seed and seed is not None:
        fail("--seed and --no-seed exclude each other", code=USAGE_ERROR)
    settings = load_settings()
    home = data or default_data_directory()
    banner = Banner()
    for line in unknown_settings():
        banner.warn(line)
    catalogue = None if no_seed else _read_catalogue(seed, None if ephemeral else home)
    directory = DataDirectory(throwaway_directory() if ephemeral else home)
    stopping = _watch_signals()
    ports = Ports(port, service_port_base)
    system = LocalSystem(
        directory, settings, ports, ephemeral=ephemeral, say=banner.say, stopping=stopping
    )
    try:
        system.open()
    except (DirectoryInUse, OSError) as error:
        fail(str(error))
    _run(system, banner, lambda: _load(catalogue, system, directory, banner))


def _run(system: LocalSystem, banner: Banner, seed: Callable[[], None]) -> None:
    failure = None
    try:
        system.start(seed)
        banner.ready(system.running, system.admin)
        system.supervise()
    except Interrupted:
        pass
    except (EmbeddedError, OSError) as error:
        failure = str(error)
    finally:
        banner.say("stopping …")
        system.stop()
        banner.say("stopped")
    if failure is not None:
        fail(failure)


def _watch_signals() -> Callable[[], bool]:
    """Whether one of the signals that stop us has come."""
    received: list[int] = []
    for number in STOP_SIGNALS:
        signal.signal(number, lambda got, _frame: received.append(got))
    return lambda: bool(received)


def _read_catalogue(file: Path | None, home: Path | None) -> "Catalogue | None":
    """A file, whenever it is given; the demo, the first time. A file with mistakes ends us here."""
    if file is None and home is not None and DataDirectory(home).is_seeded:
        return None
    return parse_source(*read_source(file))


def _load(
    catalogue: "Catalogue | None", system: LocalSystem, directory: DataDirectory, banner: Banner
) -> None:
    if catalogue is None:
        return
    for line in describe(load_catalogue(catalogue, system.owner_settings)):
        banner.say(line)
    directory.mark_seeded()
