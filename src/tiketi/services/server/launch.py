"""From a listening socket to an exit within a bound, whatever the connections do."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

import structlog
import uvloop

from tiketi.services.server.engine import Asgi, Engine, ServerError
from tiketi.services.server.inflight import InFlight
from tiketi.services.server.lifespan import Lifespan
from tiketi.settings import Settings

log = structlog.get_logger("tiketi.server")

USER_TIMEOUT_MS = 30_000  # unacknowledged data for so long: the client is gone
LATE_SECONDS_MAX = 1.0
CLOSE_SECONDS = 2.0  # to close stores, once no write is in flight
OVERDUE_SECONDS = 4.0  # beyond all that: nothing may hold the process longer
OVERDUE_EXIT_CODE = 70  # sysexits.h EX_SOFTWARE
ABORT_SIGNALS = 2


def run_server(
    app: Asgi,
    *,
    name: str,
    port: int,
    settings: Settings,
    shares_port: bool = False,
    serving: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain: readiness says 503 (``app.begin_drain()``, if it
    has one), after a notice the port closes, WebSockets close with 1012, open connections may ask
    once more for a moment, requests in flight get the grace, the rest is cancelled. A second signal
    skips the waiting.

    ``shares_port``: with others that share it too. ``serving`` is called once connections are
    accepted. Raises ServerError if the port is taken or the application cannot start.
    """
    listener = bind(settings.host, port, shared=shares_port)
    engine = _engine(settings)
    _raise_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(app, engine, listener, serving, name=name, settings=settings))


async def _serve(
    app: Asgi,
    engine: Engine,
    listener: socket.socket,
    serving: Callable[[], None],
    *,
    name: str,
    settings: Settings,
) -> None:
    stop, hurry = _watch_signals()
    lifespan, inflight = Lifespan(app), InFlight(app)
    starting = asyncio.create_task(lifespan.start())
    await _first(starting, stop)
    if not starting.done():
        log.info("stopped_while_starting", service=name)
        starting.cancel()
        return
    await starting
    await engine.start(inflight, listener, settings)
    log.info("serving", service=name, address="{}:{}".format(*listener.getsockname()[:2]))
    serving()
    await stop.wait()
    log.info("draining", service=name)
    _exit_when_overdue(settings)
    await _drain(app, engine, inflight, hurry, settings)
    # The application lets writes that outlive their request end, within a grace of their own.
    await lifespan.stop(settings.shutdown_grace_seconds + CLOSE_SECONDS)
    log.info("stopped", service=name)


async def _drain(
    app: Asgi, engine: Engine, inflight: InFlight, hurry: asyncio.Event, settings: Settings
) -> None:
    begin_drain = getattr(app, "begin_drain", None)
    if begin_drain is not None:
        begin_drain()
    engine.announce_end()
    await _wait(hurry, settings.shutdown_notice_seconds)
    await engine.stop_accepting()
    late = asyncio.create_task(engine.wait_idle(_late_seconds(settings)))
    closing = asyncio.create_task(inflight.close_sockets())  # waits for whoever does not read
    await _first(late, hurry)
    late.cancel()
    engine.close_idle()
    idle = asyncio.create_task(engine.wait_idle(settings.shutdown_grace_seconds))
    await _first(idle, hurry)
    if not (idle.done() and idle.result()):
        log.warning("cancelling_what_is_left")
        await engine.abort()
    closing.cancel()
    idle.cancel()


def _late_seconds(settings: Settings) -> float:
    """Open connections wait so long for a request of somebody who missed the notice."""
    return min(settings.shutdown_notice_seconds, LATE_SECONDS_MAX)


async def _first(task: asyncio.Task[object], event: asyncio.Event) -> None:
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _watch_signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Two events: the first signal, the second."""
    events = [asyncio.Event() for _ in range(ABORT_SIGNALS)]

    def receive() -> None:
        next((event for event in events if not event.is_set()), events[-1]).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, receive)
    return events[0], events[1]


def shutdown_seconds_max(settings: Settings) -> float:
    """A process that was told to end has ended by then, whatever happens."""
    graces = 2 * settings.shutdown_grace_seconds  # for requests, then for their writes
    notice = settings.shutdown_notice_seconds + _late_seconds(settings)
    return notice + graces + CLOSE_SECONDS + OVERDUE_SECONDS


def _exit_when_overdue(settings: Settings) -> None:
    """A thread that cannot be cancelled, or a task that will not be, must not keep the process."""

    def end() -> None:
        sys.stderr.write("shutdown overdue: leaving\n")
        sys.stderr.flush()
        os._exit(OVERDUE_EXIT_CODE)

    timer = threading.Timer(shutdown_seconds_max(settings), end)
    timer.daemon = True
    timer.start()


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Bound but not yet listening, so that nobody connects before the application is ready.

    A ``shared`` port others of this user may bind as well; the kernel spreads its connections
    over those that listen, by their addresses. Raises ServerError if the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Accepted sockets inherit these.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ServerError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def _raise_file_limit() -> None:
    """A waiting person is an open file: take as many as the system allows."""
    import resource  # noqa: PLC0415 # not on every platform

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):
            log.warning("file_limit_kept", soft=soft)


def _engine(settings: Settings) -> Engine:
    if settings.server == "hypercorn":
        from tiketi.services.server.hypercorn_engine import HypercornEngine  # noqa: PLC0415 # chosen

        return HypercornEngine()
    if settings.server == "uvicorn":
        try:
            from tiketi.services.server.uvicorn_engine import UvicornEngine  # noqa: PLC0415 # extra
        except ImportError as error:
            raise ServerError("TIKETI_SERVER=uvicorn needs: pip install tiketi[uvicorn]") from error
        return UvicornEngine()
    raise ServerError(f"TIKETI_SERVER={settings.server} is not supported yet")
