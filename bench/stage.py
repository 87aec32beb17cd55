"""What a benchmark runs on: real stores of its own, and servers in processes of their own."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

from tiketi.events import api as events
from tiketi.infra.embedded import (
    EmbeddedPostgres,
    EmbeddedValkey,
    pick_free_port,
    throwaway_directory,
)
from tiketi.infra.http.identity import ACCESS_AUDIENCE, ACCESS_TYPE
from tiketi.infra.migrations import upgrade_async
from tiketi.infra.runtime import Runtime, open_runtime
from tiketi.infra.tokens import new_seed
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.settings import Settings

READY_SECONDS = 30
TOKEN_TTL = timedelta(hours=4)


@dataclass(frozen=True)
class Stage:
    """``settings`` reach the stores as their owner."""

    directory: Path
    settings: Settings
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey

    def environment(self, **settings: object) -> dict[str, str]:
        """What a process of the stage is started with."""
        assert self.settings.signing_key is not None
        chosen = {
            "database_url": self.settings.database_url,
            "redis_url": self.settings.redis_url,
            "signing_key": self.settings.signing_key.get_secret_value(),
            "shutdown_notice_seconds": 0.1,
            **settings,
        }
        given = {f"TIKETI_{name.upper()}": str(value) for name, value in chosen.items()}
        return {**os.environ, **given}


@contextmanager
def open_stage(*, durable: bool = False) -> Iterator[Stage]:
    """An empty PostgreSQL and an empty Valkey, gone afterwards. ``durable``: commits wait for the
    disk, as in life.
    """
    directory = throwaway_directory("tiketi-bench-")
    try:
        with (
            EmbeddedPostgres(directory / "postgres", fsync=durable) as postgres,
            EmbeddedValkey(directory / "valkey") as valkey,
        ):
            asyncio.run(upgrade_async(postgres.url()))
            settings = Settings(
                _env_file=None,
                database_url=postgres.url(),
                redis_url=valkey.url(),
                signing_key=SecretStr(new_seed()),
            )
            yield Stage(directory, settings, postgres, valkey)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def serve(
    command: list[str], port: int, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own, from its first answer to the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not _is_listening(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, and see that it does."""
    process.terminate()
    try:
        process.wait(READY_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def serve_service(
    stage: Stage, service: str, server: str, *, port: int | None = None, **settings: object
) -> Iterator[tuple[int, int]]:
    """`tiketi serve` as anybody would run it: its port and its process id."""
    port = port or pick_free_port()
    environment = stage.environment(port=port, server=server, **settings)
    command = [sys.executable, "-m", "tiketi", "serve", service]
    with serve(command, port, environment, stage.directory / f"{service}-{port}.log") as process:
        yield port, process.pid


@contextmanager
def serve_bare(stage: Stage, server: str) -> Iterator[int]:
    """The ceiling: bare Starlette JSON on the same server, under the server's own command."""
    port = pick_free_port()
    module = [sys.executable, "-m", server, "bench.bare:app"]
    options = {
        "hypercorn": ["--bind", f"127.0.0.1:{port}", "--worker-class", "uvloop"],
        "uvicorn": [
            *("--port", str(port), "--no-access-log"),
            *("--loop", "uvloop", "--http", "httptools"),
        ],
    }
    command = module + options[server]
    log = stage.directory / f"bare-{port}.log"
    with serve(command, port, os.environ, log):
        yield port


def _is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def draft_event(now: datetime, **changes: object) -> events.NewEvent:
    """An event on sale now, with nothing to sell yet."""
    chosen: dict[str, object] = {
        "title": "Benchmark",
        "artist": "Nobody",
        "venue": events.Venue("Hall", "1 Street", "Asia/Seoul"),
        "starts_at": now + timedelta(days=30),
        "sale_opens_at": now - timedelta(hours=1),
        "sale_closes_at": now + timedelta(days=1),
        "currency": "KRW",
        **changes,
    }
    return events.NewEvent(**chosen)  # type: ignore[arg-type]  # as its fields are


async def open_room(runtime: Runtime, **settings: object) -> UUID:
    """A published event on sale whose waiting room has these settings."""
    now = runtime.clock.now()
    chosen = {"enabled": True, "capacity": 1, "rate_per_minute": 60, **settings}
    async with runtime.database.transaction() as tx:
        tier = events.NewTier("Standing", 30_000, events.TierKind.GENERAL, 100)
        new = draft_event(now, queue_enabled=True, tiers=(tier,))
        event = await events.create_event(tx, new, organizer_id=None, now=now)
        await queue.open_room(tx, runtime, event.id, queue.WaitingRoomSettings(**chosen))
        await events.publish_event(tx, event.id, now=now)
    return event.id


def token_of(runtime: Runtime, user_id: UUID | None = None) -> str:
    """An access token as a signed-in person has it."""
    now = runtime.clock.now()
    return runtime.keys.sign(
        {"sub": str(user_id or new_id()), "role": "user", "gen": 0, "jti": str(new_id())},
        typ=ACCESS_TYPE,
        audience=ACCESS_AUDIENCE,
        issued_at=now,
        expires_at=now + TOKEN_TTL,
    )


def open_library(stage: Stage) -> Runtime:
    """The library as the benchmark's own process uses it."""
    return open_runtime(stage.settings, service="bench")
