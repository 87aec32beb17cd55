"""Many processes serve one list while places come free, are bought and expire; some of them die."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.client import open_client
from tests.support.on_sale import General, Section, open_sale
from tests.support.selling import cancel, order, outcome
from tests.support.waiting_list import Waiter, broken, sell_out
from tiketi.events import api as events
from tiketi.infra.loops import run_loop
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import open_runtime
from tiketi.kernel.clock import rfc3339
from tiketi.reservations import ending
from tiketi.reservations.loops import LOOPS
from tiketi.reservations.waiting_list import serving
from tiketi.seats.api import look_for_returns
from tiketi.services.registry import EDGE

POLL_SECONDS = 0.02
ROLE = "reservation_user"  # may no more than the service itself
ROOT = Path(__file__).parents[3]
# Some 1.2 s on a machine that does nothing else; a busy one must not fail the test.
WITHIN_SECONDS = 10.0
LIMITS = events.Limits(seats_per_order=6, seats_per_user=6)


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={"waiting_list_interval_seconds": 0.1, "offer_ttl_seconds": 2}
    )


@pytest.fixture
async def client(runtime):
    async with open_client(runtime, EDGE) as client:
        yield client


async def scalar(runtime, query, **params):
    async with runtime.database.latest() as reader:
        return (await reader.execute(text(query), params)).scalar_one()


async def until(condition, *, seconds):
    """Poll until the condition answers something true; that."""
    async with asyncio.timeout(seconds):
        while True:
            found = await condition()
            if found:
                return found
            await asyncio.sleep(POLL_SECONDS)


async def seats_of(runtime, state):
    return await scalar(runtime, "SELECT count(*) FROM seats.seat WHERE state::text = :s", s=state)


class Processes:
    """The loops of several processes, each over connections of its own."""

    def __init__(self, settings, count):
        acting = settings.model_copy(update={"database_role": ROLE})
        self._runtimes = [open_runtime(acting, service="test") for _ in range(count)]
        self._tasks = []

    async def __aenter__(self):
        self._tasks = [
            asyncio.create_task(run_loop(each, loop)) for each in self._runtimes for loop in LOOPS
        ]
        return self

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for each in self._runtimes:
            await each.close()


class _Killed(BaseException):
    """A process that ends where it stands."""


async def test_a_round_that_dies_at_any_step_loses_nothing(client, runtime, monkeypatch):
    """As many rounds as there are statements, the n-th of which dies before its n-th statement."""
    event = await open_sale(
        runtime, sections=[Section("A", 1, 6)], general=[General(capacity=3)], limits=LIMITS
    )
    general = {"general": [{"tier_id": str(event.tiers[1].id), "quantity": 3}]}
    standing = (
        await order(client, str(event.id), token=(buyer := client.token()), **general),
        buyer,
    )
    sold = await sell_out(client, event.id, [f"A-1-{n}" for n in range(1, 7)])
    waiting = [await Waiter(client, event.id).wait(n) for n in (2, 3)]
    for each in (*sold[:2], standing):
        await cancel(client, *each)
    execute, left = Tx.execute, 0

    async def execute_or_die(tx, statement, params=None):
        nonlocal left
        left -= 1
        if left < 0:
            raise _Killed
        return await execute(tx, statement, params)

    async def serve_until_killed(after):
        nonlocal left
        left = after
        with monkeypatch.context() as patch:
            patch.setattr(Tx, "execute", execute_or_die)
            try:
                await serving.serve(runtime, event.id)
            except _Killed:
                return True
            return False

    after = 0
    while await serve_until_killed(after):
        assert await broken(runtime) == []
        after += 1
    assert after > 8
    assert [await each.status() for each in waiting] == ["offered", "offered"]
    assert await broken(runtime) == []
    # The end of the offers dies at every step too.
    for each in waiting:
        await each.leave()
    after = 0
    while await serve_until_killed(after):
        assert await broken(runtime) == []
        after += 1
    assert [await each.status() for each in waiting] == ["left", "left"]
    await serving.serve(runtime, event.id)
    assert await seats_of(runtime, "a") == 2
    assert await broken(runtime) == []


async def test_four_processes_never_offer_a_seat_twice_nor_two_offers_to_one(
    client, runtime, settings
):
    event = await open_sale(
        runtime, sections=[Section("A", 4, 10)], general=[General(capacity=20)], limits=LIMITS
    )
    tier_id = str(event.tiers[1].id)
    names = [f"A-{row}-{n}" for row in range(1, 5) for n in range(1, 11)]
    sold = await sell_out(client, event.id, names, at_once=2)
    for _ in range(4):
        general = [{"tier_id": tier_id, "quantity": 5}]
        token = client.token()
        sold.append((await order(client, str(event.id), token=token, general=general), token))
    chosen = random.Random(5)
    line = [
        await Waiter(client, event.id).wait(chosen.randint(1, 4), adjacent=chosen.random() < 0.5)
        for _ in range(40)
    ]
    outcomes = []

    async def live(waiter):
        """Buys about half of the offers, a third of those not for long; leaves some."""
        async with asyncio.timeout(60):
            while (entry := await waiter.look())["status"] == "waiting":  # noqa: ASYNC110 # of a loop
                await asyncio.sleep(0.1)
        offer = entry["offer"]
        if offer is None or waiter.user_id.int % 4 == 0:
            return
        if waiter.user_id.int % 4 == 1:
            await waiter.leave()
            return
        general = [{"tier_id": k, "quantity": v} for k, v in offer["general"].items()]
        answer = await waiter.buy(seat_ids=offer["seat_ids"], general=general)
        is_late = rfc3339(runtime.clock.now()) > offer["expires_at"]
        outcomes.append("late" if is_late else outcome(answer))
        if outcome(answer) == "held" and waiter.user_id.int % 3 == 0:
            await cancel(client, answer, waiter.token)

    async def snipe():
        """Somebody who wants any seat, all the time: what they get was nobody's."""
        while True:
            await order(client, str(event.id), seat_ids=[chosen.choice(names)])
            assert await broken(runtime) == []
            await asyncio.sleep(0.05)

    async with Processes(settings, 4):
        sniper = asyncio.create_task(snipe())
        lives = [asyncio.create_task(live(each)) for each in line]
        for each in sold:
            await cancel(client, *each)
            await asyncio.sleep(0.02)
        await asyncio.wait_for(asyncio.gather(*lives, return_exceptions=True), 90)
        sniper.cancel()
        with suppress(asyncio.CancelledError):
            await sniper
    # An offer is good for its whole life, for what it names.
    assert outcomes.count("held") > 5
    assert set(outcomes) <= {"held", "late"}
    assert await broken(runtime) == []


async def test_what_came_free_unseen_is_offered_too(client, runtime, settings):
    """A seat given back by who began before there was a waiting list is everybody's at first."""
    event = await open_sale(runtime, sections=[Section("A", 1, 4)])
    await sell_out(client, event.id, [f"A-1-{n}" for n in range(1, 5)])
    anna = await Waiter(client, event.id).wait()
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE seats.returns SET is_kept = false"))
        await tx.execute(text("UPDATE reservations.reservation SET expires_at = now()"))
        await ending.expire_due(tx, runtime.clock.now() + timedelta(seconds=1), 1)
        await tx.execute(text("UPDATE seats.returns SET is_kept = true"))
        await look_for_returns(tx, event.id, runtime.clock.now())
    assert await seats_of(runtime, "a") == 1
    async with Processes(settings, 1):
        await until(anna.offered, seconds=WITHIN_SECONDS)


async def test_expired_offers_are_passed_on_in_time(client, runtime, settings):
    event = await open_sale(runtime, sections=[Section("A", 1, 4)])
    sold = await sell_out(client, event.id, [f"A-1-{n}" for n in range(1, 5)])
    anna = await Waiter(client, event.id).wait()
    boris = await Waiter(client, event.id).wait()
    await cancel(client, *sold[0])
    async with Processes(settings, 2):
        await until(anna.offered, seconds=WITHIN_SECONDS)
        ends = settings.offer_ttl_seconds
        offered = await until(boris.offered, seconds=ends + WITHIN_SECONDS)
    assert offered == ["A-1-1"]
    assert await anna.status() == "expired"


async def test_what_expires_and_fits_nobody_who_waits_is_sellable_in_time(
    client, runtime, settings
):
    as_set = {"sweep_interval_seconds": 1.0, "waiting_list_interval_seconds": 0.5}
    event = await open_sale(runtime, sections=[Section("A", 1, 4)])
    await sell_out(client, event.id, [f"A-1-{n}" for n in range(1, 5)])
    await Waiter(client, event.id).wait(2)
    async with Processes(settings.model_copy(update=as_set), 2), asyncio.timeout(30):
        await asyncio.sleep(0.7)  # anywhere in their rounds
        async with runtime.database.transaction() as tx:
            await tx.execute(text("""
                UPDATE reservations.reservation SET expires_at = now() WHERE id IN
                    (SELECT id FROM reservations.reservation LIMIT 1)"""))  # fmt: skip

        async def one_is_free():
            return await seats_of(runtime, "a")

        await until(one_is_free, seconds=WITHIN_SECONDS)
    assert await broken(runtime) == []


_SWEEPER = """
import asyncio, sys
from tiketi.infra.loops import run_loop
from tiketi.infra.runtime import open_runtime
from tiketi.reservations.loops import LOOPS
from tiketi.settings import Settings

async def main():
    runtime = open_runtime(Settings(), service="test")
    print("ready", flush=True)
    await asyncio.gather(*(run_loop(runtime, loop) for loop in LOOPS))

asyncio.run(main())
"""


class Sweepers:
    """Real processes that end holds and serve waiting lists, killed as one kills processes."""

    def __init__(self, settings, *, batch_max=5):
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "TIKETI_DATABASE_URL": settings.database_url,
            "TIKETI_DATABASE_ROLE": ROLE,
            "TIKETI_REDIS_URL": settings.redis_url,
            "TIKETI_SIGNING_KEY": settings.signing_key.get_secret_value(),
            "TIKETI_SWEEP_BATCH_MAX": str(batch_max),
        }
        self._running = []

    async def start(self):
        process = subprocess.Popen(  # noqa: ASYNC220 # it is started, not waited for
            [sys.executable, "-c", _SWEEPER],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._running.append(process)
        await asyncio.to_thread(process.stdout.readline)

    def kill_one(self):
        process = self._running.pop(0)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        while self._running:
            self.kill_one()


@pytest.mark.parametrize("holds", [60, pytest.param(1_000, marks=pytest.mark.long)])
async def test_seats_freed_by_expiry_are_sellable_in_time_and_killed_sweepers_lose_none(
    client, runtime, settings, holds
):
    rows = holds // 10
    event = await open_sale(runtime, sections=[Section("A", rows, 10)])
    names = [f"A-{row}-{n}" for row in range(1, rows + 1) for n in range(1, 11)]
    await sell_out(client, event.id, names)
    async with AsyncExitStack() as stack:
        # Many batches, so that one is killed in the middle.
        sweepers = await stack.enter_async_context(Sweepers(settings, batch_max=holds // 12))
        await asyncio.gather(sweepers.start(), sweepers.start())
        async with runtime.database.transaction() as tx:
            await tx.execute(text("UPDATE reservations.reservation SET expires_at = now()"))
        started = asyncio.get_running_loop().time()

        async def some_are_free():
            return await seats_of(runtime, "a")

        await until(some_are_free, seconds=10)
        sweepers.kill_one()  # in the middle
        assert await broken(runtime) == []

        async def all_are_free():
            return await seats_of(runtime, "a") == holds

        await until(all_are_free, seconds=20)
        took = asyncio.get_running_loop().time() - started
        answer = await order(client, str(event.id), seat_ids=[names[-1]])
    assert outcome(answer) == "held"
    assert took < WITHIN_SECONDS, took
    assert await broken(runtime) == []


async def test_killed_processes_lose_nothing_of_a_waiting_list(client, runtime, settings):
    event = await open_sale(runtime, sections=[Section("A", 3, 10)], limits=LIMITS)
    names = [f"A-{row}-{n}" for row in range(1, 4) for n in range(1, 11)]
    sold = await sell_out(client, event.id, names)
    line = [await Waiter(client, event.id).wait(1 + n % 3) for n in range(15)]
    wanted = sum(1 + n % 3 for n in range(15))
    assert wanted == len(names)
    async with AsyncExitStack() as stack:
        sweepers = await stack.enter_async_context(Sweepers(settings))
        await asyncio.gather(sweepers.start(), sweepers.start())
        for number, each in enumerate(sold):
            await cancel(client, *each)
            if number in (8, 20):
                sweepers.kill_one()
                await sweepers.start()
                assert await broken(runtime) == []

        async def all_are_looked_at():
            return not await scalar(
                runtime,
                """SELECT count(*) FROM seats.seat AS s
                LEFT JOIN seats.allotment AS a ON a.id = s.allotment_id
                WHERE s.state = 'h' OR a.purpose = 'returned'""",
            )

        await until(all_are_looked_at, seconds=20)
    offered = [seat for each in line for seat in await each.offered() or ()]
    assert len(offered) == len(set(offered))
    assert len(offered) + await seats_of(runtime, "a") == len(names)
    assert await broken(runtime) == []
