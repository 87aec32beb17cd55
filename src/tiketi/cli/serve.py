"""`tiketi serve`: one service, from the environment alone."""

import gc
from typing import Annotated

import typer

from tiketi.cli.environment import USAGE_ERROR, fail, load_settings
from tiketi.services.registry import EDGE, SERVICES, get_service

# Net new containers before the youngest are looked through, then how often the older ones are. A
# tick of thousands of live connections makes so many that live a moment: at Python's own 700 they
# are looked through all the time, and grow old.
_COLLECTED_AT = (10_000, 20, 20)
NAMES = ", ".join(service.name for service in (*SERVICES, EDGE))


def serve(
    name: Annotated[str, typer.Argument(metavar="SERVICE", help=f"One of {NAMES}.")],
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

    # Collecting while importing finds nothing; afterwards the imported need no looking at either.
    gc.disable()
    from tiketi.infra.telemetry import configure_logs  # noqa: PLC0415 # slow to import
    from tiketi.services.app import build_app  # noqa: PLC0415 # slow to import
    from tiketi.services.server import ServerError, run_server  # noqa: PLC0415 # slow to import

    configure_logs(settings.log_level)
    port = service.port if settings.port is None else settings.port
    try:
        app = build_app(service, settings)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECTED_AT)
        gc.enable()
        run_server(app, name=service.name, port=port, settings=settings)
    except (ServerError, ValueError) as error:
        fail(f"{service.name}: {error}")
