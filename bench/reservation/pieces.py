"""`python -m bench.reservation.pieces`: what single pieces of a sale cost, in microseconds.

Processor time, of this process and of PostgreSQL's own; and where an order's goes, as shares: under
a profiler each call costs more than it does, so only shares are shown.
"""

import asyncio
import cProfile
import gzip
import pstats
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import orjson
import uvloop
from sqlalchemy import text

from bench.reservation.__main__ import press_claims
from bench.reservation.hall import claim_of, open_hall
from bench.reservation.orders import open_map
from bench.stage import Stage, open_stage, token_of
from tiketi.events.api import EventCache
from tiketi.infra.http.identity import actor_of_token
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime, open_runtime
from tiketi.kernel.ids import new_id
from tiketi.reservations import best, claims_repository
from tiketi.seats import api as seats
from tiketi.services.app import App
from tiketi.services.registry import get_service
from tiketi.tickets.api import QrCodes
from tiketi.tickets.domain import new_code

SEATS = 50_000
ORDERS, AT_ONCE = 4_000, 64
OTHER_EVENTS = 60
FILL_SECONDS_MAX = 300
FILL_EVENTS = """
    INSERT INTO seats.seat (event_id, seat_index, tier_id, state)
    SELECT md5('e' || e)::uuid, n, md5('t')::uuid, 'a'
    FROM generate_series(1, {}) AS e, generate_series(0, {} - 1) AS n"""
PACKAGES = ("tiketi", "redis", "asyncpg", "sqlalchemy", "starlette", "pydantic", "nacl", "jwt")
_PERCENT = 1.0


def show(name: str, seconds: float, times: int = 1) -> None:
    print(f"{name:58} {seconds / times * 1e6:9.0f}", flush=True)


async def backend_seconds(reader: Reader) -> Callable[[], float]:
    """What reads the processor time of the connection's own server process (Linux)."""
    pid = (await reader.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    path = Path(f"/proc/{pid}/schedstat")  # nanoseconds on a processor come first
    return lambda: int(path.read_text().split()[0]) / 1e9


async def measure_claims(runtime: Runtime, event_id: UUID) -> None:
    buyer = 0
    for size, batches in ((1, 1_000), (64, 100)):
        async with runtime.database.latest() as writer:
            seconds = await backend_seconds(writer)
            here = there = 0.0
            for number in range(batches + 20):
                claims = [claim_of(runtime, event_id, buyer + each) for each in range(size)]
                buyer += size
                before = time.process_time(), seconds()
                await claims_repository.decide(writer, claims, key_ttl_seconds=86_400)
                if number >= 20:  # noqa: PLR2004 # plans are made by then
                    here += time.process_time() - before[0]
                    there += seconds() - before[1]
        show(f"a claim of four seats, {size} together: PostgreSQL", there, batches * size)
        show(f"a claim of four seats, {size} together: the process", here, batches * size)


async def measure(name: str, work: Callable[[], Awaitable[object]], times: int) -> None:
    await work()
    began = time.process_time()
    for _ in range(times):
        await work()
    show(name, time.process_time() - began, times)


async def measure_choosing(runtime: Runtime, event_id: UUID) -> None:
    event = await runtime.one(EventCache).get(event_id)
    wish = best.Wish(2, None, None, adjacent=True, accessible=False)
    search = await best.plan_search(runtime, event, wish)
    await measure(
        f"best available: two of {SEATS:,} seats",
        lambda: best.choose(runtime, search, new_id(), tried=0),
        200,
    )


async def measure_availability(runtime: Runtime, event_id: UUID) -> None:
    async def half_sold() -> str:
        async with runtime.database.transaction() as tx:
            await tx.execute(
                text("""
                    UPDATE seats.seat SET state = 's', reservation_id = event_id
                    WHERE event_id = :event_id AND md5(seat_index::text) < '8'"""),
                {"event_id": event_id},
            )
        async with runtime.database.latest() as reader:
            seconds = await backend_seconds(reader)
            before = seconds()
            for _ in range(20):
                states = await seats.read_states(reader, event_id)
            show(f"availability of {SEATS:,} seats: PostgreSQL", seconds() - before, 20)
        return states

    states = await half_sold()
    print(
        f"{'the same, half sold at random, by gzip':58} {len(gzip.compress(states.encode())):7} B"
    )


async def measure_statements(runtime: Runtime) -> None:
    """The least that a look costs the process, by SQLAlchemy's Core and by asyncpg alone."""
    core, account_id = text("SELECT email FROM auth.account WHERE id = :id"), new_id()
    async with runtime.database.latest() as reader:
        await measure(
            "a statement by Core: the process",
            lambda: reader.execute(core, {"id": account_id}),
            2_000,
        )
        await measure(
            "the same by asyncpg alone",
            lambda: reader.fetch("SELECT email FROM auth.account WHERE id = $1", account_id),
            2_000,
        )


async def measure_short_calls(runtime: Runtime) -> None:
    """What a process spends on a look with the way there and back, on Redis, on a symbol."""
    account_id, key, code = new_id(), "bench:piece", new_code()
    look = text("SELECT email FROM auth.account WHERE id = :id")

    async def by_core() -> None:
        async with runtime.database.latest() as reader:
            await reader.execute(look, {"id": account_id})

    async def by_driver() -> None:
        async with runtime.database.latest() as reader:
            await reader.rows(look, {"id": account_id})

    async def transaction() -> None:
        async with runtime.database.transaction() as tx:
            await tx.execute(look, {"id": account_id})

    async def eight_commands() -> None:
        await asyncio.gather(*(runtime.redis.command("GET", key) for _ in range(8)))

    await measure("a connection taken, a statement by Core, given back", by_core, 2_000)
    await measure("the same, the statement by the driver", by_driver, 2_000)
    await measure("a transaction of one statement by Core", transaction, 2_000)
    await measure("a Redis command alone", lambda: runtime.redis.command("GET", key), 2_000)
    await measure("eight Redis commands at once, all of them", eight_commands, 2_000)
    await measure("a ticket's symbol", lambda: runtime.one(QrCodes).svg(code), 2_000)


async def measure_many_events(runtime: Runtime) -> None:
    """What a claim costs in a table of one event, and in one of many: what partitions are for."""
    for others in (0, OTHER_EVENTS):
        async with runtime.database.latest() as writer:
            driver = await writer.driver()
            await driver.execute("SET statement_timeout = 0")
            await driver.execute(FILL_EVENTS.format(others, SEATS), timeout=FILL_SECONDS_MAX)
            began = time.perf_counter()
            await driver.execute("VACUUM (ANALYZE) seats.seat", timeout=FILL_SECONDS_MAX)
            show(f"vacuum of the seats, {others} other events", time.perf_counter() - began)
        print(f"claims beside {others} other events of {SEATS:,} seats")
        await measure_claims(runtime, await open_hall(runtime, 400_000))


def measure_token(runtime: Runtime) -> None:
    tokens = [token_of(runtime) for _ in range(2_000)]
    began = time.process_time()
    for token in tokens:
        actor_of_token(runtime, token)
    show("a token that was not seen before", time.process_time() - began, len(tokens))


async def profile_orders(runtime: Runtime, event_id: UUID) -> Counter[str]:
    """Own time of POST /reservations by package and by the rooms of ours."""
    app = App(get_service("reservation"), runtime)
    seat_ids = (await runtime.one(seats.SeatMaps).get(event_id)).seat_ids
    numbers = iter(range(ORDERS))
    scopes = [_order(event_id, seat_ids[4 * at : 4 * at + 4], token_of(runtime)) for at in numbers]
    refused = 0

    async def send(message: dict[str, object]) -> None:
        nonlocal refused
        refused += message.get("status", 201) != 201  # noqa: PLR2004 # created

    async def buy() -> None:
        while scopes:
            scope, body = scopes.pop()

            async def receive(body: bytes = body) -> dict[str, object]:  # as ASGI has it
                return {"type": "http.request", "body": body, "more_body": False}

            await app(scope, receive, send)

    profiler = cProfile.Profile()
    profiler.enable()
    await asyncio.gather(*(buy() for _ in range(AT_ONCE)))
    profiler.disable()
    if refused:
        raise RuntimeError(f"{refused} orders were refused")
    shares: Counter[str] = Counter()
    for (path, _line, name), row in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]  # untyped
        shares[_room_of(path, name)] += row[2]
    return shares


def _order(
    event_id: UUID, seat_ids: tuple[str, ...], token: str
) -> tuple[dict[str, object], bytes]:
    body = orjson.dumps({"event_id": event_id, "seat_ids": seat_ids})
    path = "/api/v1/reservations"
    headers = {
        "host": "x",
        "authorization": f"Bearer {token}",
        "idempotency-key": str(new_id()),
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    return {
        "type": "http",
        "asgi": {},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }, body


def _room_of(path: str, name: str) -> str:
    parts = Path(path).parts
    for package in PACKAGES:
        if package in parts:
            below = parts[parts.index(package) + 1 :]
            return f"{package}.{below[0].removesuffix('.py')}" if package == "tiketi" else package
    return "built in" if path == "~" else f"other: {parts[-2]}" if len(parts) > 1 else name


def main() -> None:
    print(f"{'':58} {'µs':>9}")
    with open_stage() as stage:
        _measure_all(stage)
        for flights in (1, 2):
            event_id = asyncio.run(_hall(stage))
            rate = press_claims(stage, event_id, AT_ONCE, claim_flights_max=flights)
            print(f"{f'claims a second, 64 waiting, statements at once: {flights}':58} {rate:9.0f}")


async def _hall(stage: Stage) -> UUID:
    runtime = open_runtime(stage.settings, service="bench")
    event_id = await open_hall(runtime, 400_000)
    await runtime.close()
    return event_id


def _measure_all(stage: Stage) -> None:
    async def run() -> None:
        settings = stage.settings.model_copy(update={"log_level": "error"})
        runtime = open_runtime(settings, service="bench")
        measure_token(runtime)
        await measure_statements(runtime)
        await measure_short_calls(runtime)
        await measure_many_events(runtime)
        event_id = await open_map(runtime, SEATS)
        await measure_choosing(runtime, event_id)
        shares = await profile_orders(runtime, event_id)
        await measure_availability(runtime, await open_map(runtime, SEATS))
        print("POST /reservations in the process, share of its time, the server and the wire apart")
        for room, seconds in shares.most_common():
            if (percent := 100 * seconds / shares.total()) >= _PERCENT:
                print(f"  {room:56} {percent:8.1f}%")
        await runtime.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


if __name__ == "__main__":
    main()
