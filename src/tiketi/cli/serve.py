"""`tiketi serve`: one service, from the environment alone."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from tiketi.cli.environment import USAGE_ERROR, fail, load_settings
from tiketi.services.registry import EDGE, SERVICES, Service, get_service
from tiketi.settings import Settings, inherited_environment

# Net new containers before the youngest are looked through, then how often the older ones are. A
# tick of thousands of live connections makes so many that live a moment: at Python's own 700 they
# are looked through all the time, and grow old.
_COLLECTED_AT = (10_000, 20, 20)
NAMES = ", ".join(service.name for service in (*SERVICES, EDGE))


def serve(
    name: Annotated[str, typer.Argument(metavar="SERVICE", help=f"One of {NAMES}.")],
    *,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="So many on the one port, instead of TIKETI_PROCESSES."),
    ] = None,
    slot: Annotated[int | None, typer.Option(min=0, hidden=True)] = None,
) -> None:
    """Serve one service on its port, or on TIKETI_PORT, until SIGTERM."""
    # A wrong name is answered at once, before the application is imported.
    try:
        service = get_service(name)
    except KeyError as error:
        fail(str(error.args[0]), code=USAGE_ERROR)
    settings = load_settings()
    missing = [
        f"TIKETI_{setting.upper()} is not set; `tiketi up` brings its own stores"
        for setting in ("database_url", "redis_url")
        if getattr(settings, setting) is None
    ]
    if missing:
        fail(*missing, code=USAGE_ERROR)
    port = service.port if settings.port is None else settings.port
    count = processes or settings.processes
    if slot is None and count > 1:
        _serve_together(service, settings, count, port)
    else:
        _serve_alone(service, settings, port, slot)


def _serve_together(service: Service, settings: Settings, count: int, port: int) -> None:
    from tiketi.cli.task import run_task  # noqa: PLC0415 # slow to import
    from tiketi.infra.telemetry import configure_logs  # noqa: PLC0415 # slow to import
    from tiketi.services.server import ServerError  # noqa: PLC0415 # slow to import

    configure_logs(settings.log_level)
    try:
        status = run_task(service.name, settings, processes=count, port=port)
    except ServerError as error:
        fail(f"{service.name}: {error}")
    raise typer.Exit(status)


def _serve_alone(service: Service, settings: Settings, port: int, slot: int | None) -> None:
    """``slot``: as one of a task's processes, told by its supervisor."""
    # Collecting while importing finds nothing; afterwards the imported need no looking at either.
    gc.disable()
    folder = _join_task(slot)
    from tiketi.infra.telemetry import configure_logs  # noqa: PLC0415 # slow to import
    from tiketi.services.app import build_app  # noqa: PLC0415 # slow to import
    from tiketi.services.server import ServerError, run_server  # noqa: PLC0415 # slow to import

    configure_logs(settings.log_level)
    try:
        app = build_app(service, settings)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECTED_AT)
        gc.enable()
        if folder is None:
            run_server(app, name=service.name, port=port, settings=settings)
            return
        from tiketi.cli.task import SETTLED, serving_mark  # noqa: PLC0415 # of a task alone

        app.runtime.is_settled = (folder / SETTLED).exists
        run_server(
            app,
            name=service.name,
            port=port,
            settings=settings,
            shares_port=True,
            serving=serving_mark(folder, slot or 0).touch,
        )
    except (ServerError, ValueError) as error:
        fail(f"{service.name}: {error}")


def _join_task(slot: int | None) -> Path | None:
    """What the task's processes have in common; None for a process that is alone."""
    if slot is None:
        return None
    from tiketi.infra.shared_metrics import (  # noqa: PLC0415 # before any metric is made
        DIRECTORY_VARIABLE,
        share_metrics,
    )

    folder = Path(inherited_environment()[DIRECTORY_VARIABLE])
    share_metrics(folder, slot)
    return folder
