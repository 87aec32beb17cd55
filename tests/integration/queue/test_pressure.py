"""Admission follows holds and payments, over any number of processes."""

import asyncio
import math
from contextlib import ExitStack

import pytest

from tests.support.away import redis_away
from tests.support.clock import ShiftedClock
from tests.support.waiting_room import (
    admit,
    ask,
    join_in_turn,
    open_line,
    pass_a_second,
    people,
)
from tiketi.infra.redis import RedisStore
from tiketi.kernel.errors import Unavailable
from tiketi.queue import api as queue
from tiketi.queue import pressure_store, store
from tiketi.queue.keys import pressure_key, room_keys
from tiketi.queue.pressure import read_pressure
from tiketi.queue.slowness import Slowness
from tiketi.services.app import loops_of
from tiketi.services.registry import EDGE, SERVICES

# The targets of the settings, in seconds.
HOLD, PAYMENT = 0.5, 3.0
SPEED_MIN = 0.05


@pytest.fixture
async def sale(runtimes):
    """A process of the sale, whose time a test sets forward."""
    runtimes[3].clock = ShiftedClock()
    return runtimes[3]


def _work(sale, measure, *, seconds, count=20):
    with ExitStack() as at_once:
        for _ in range(count):
            at_once.enter_context(measure(sale))
        sale.clock.advance(seconds=seconds)


async def _hold(sale, *, seconds):
    _work(sale, queue.measure_holds, seconds=seconds)
    await queue.report_pressure(sale)


async def _speed(runtime, event_id):
    return (await queue.read_latest_board(runtime, event_id)).speed


async def _seconds(runtime, event_id, count):
    """So many rounds of the admitter, each as if a second after the last."""
    for _ in range(count):
        await pass_a_second(runtime, event_id)
        await admit(runtime)


async def test_slow_holds_slow_admission_and_recovery_restores_it(runtime, sale):
    event_id = await open_line(runtime)
    await admit(runtime)
    assert await _speed(runtime, event_id) == 1.0

    await _hold(sale, seconds=HOLD * 1.5)
    speeds = []
    for _ in range(3):
        await _seconds(runtime, event_id, 1)
        speeds.append(await _speed(runtime, event_id))
    assert speeds == pytest.approx([0.8, 0.64, 0.512], abs=0.001)
    board = await queue.read_latest_board(runtime, event_id)
    assert board.effective_rate_per_minute == pytest.approx(512_000, rel=0.01)
    assert board.held_back is queue.HeldBack.SLOWED

    await _hold(sale, seconds=HOLD * 20)
    await _seconds(runtime, event_id, 10)
    assert await _speed(runtime, event_id) == SPEED_MIN

    sale.clock.advance(seconds=12)
    await _hold(sale, seconds=HOLD / 10)
    await _seconds(runtime, event_id, 10)
    assert await _speed(runtime, event_id) == pytest.approx(SPEED_MIN * 1.1**10, abs=0.002)
    await _seconds(runtime, event_id, 90)
    board = await queue.read_latest_board(runtime, event_id)
    assert (board.speed, board.held_back) == (1.0, None)


async def test_slow_payments_slow_admission_too(runtime, sale):
    event_id = await open_line(runtime)
    _work(sale, queue.measure_holds, seconds=HOLD / 10)
    _work(sale, queue.measure_payments, seconds=PAYMENT * 3)
    await queue.report_pressure(sale)
    await _seconds(runtime, event_id, 1)
    assert await _speed(runtime, event_id) == 0.5


async def test_overloaded_stores_slow_admission_and_refusals_do_not(runtime, sale):
    event_id = await open_line(runtime)
    for error, speed in ((queue.NotInQueue, 1.0), (Unavailable, 0.5)):
        for _ in range(20):
            with pytest.raises(error), queue.measure_holds(sale):
                raise error
        await queue.report_pressure(sale)
        await _seconds(runtime, event_id, 1)
        assert await _speed(runtime, event_id) == speed


async def test_people_are_admitted_slower_and_told_so(runtime, sale):
    event_id = await open_line(runtime, rate_per_minute=6_000)
    await _hold(sale, seconds=HOLD * 20)
    await _seconds(runtime, event_id, 8)
    begun = (await queue.read_latest_board(runtime, event_id)).as_of
    line = people(200)
    await join_in_turn(runtime, event_id, line)
    for _ in range(5):
        await admit(runtime)
        board = await queue.read_latest_board(runtime, event_id)
        # 100 people a second as set, 5 at this speed, and one second's worth at once; 100 were
        # at hand before.
        assert board.admitted <= 5 + 5 * ((board.as_of - begun).total_seconds() + 0.1)
    last = await ask(runtime, event_id, line[-1])
    assert last.held_back is queue.HeldBack.SLOWED
    assert last.estimate.low_seconds <= 2
    assert last.estimate.seconds >= 30


async def test_the_speed_settles_where_the_sale_bears_it(runtime):
    """A model of a sale: 100 holds a second, people choose for 15 s, five times as many are let in.

    Its time is the model's; the speed is the script's.
    """
    event_id = await open_line(runtime)
    choosing = waiting = total = count = served = 0.0
    pressure, waits_seconds = [], []
    for second in range(900):
        await pass_a_second(runtime, event_id)
        seen = pressure[-3] if second > 2 else 0.0
        admitted = await store.admit_next(runtime.redis, event_id, admit_max=0, pressure=seen)
        choosing += 500 * admitted.board.speed
        came = choosing * (1 - math.exp(-1 / 15))
        choosing -= came
        waiting += came
        done = min(waiting, 100)
        waiting -= done
        wait_seconds = 0.02 + waiting / 100
        kept = math.exp(-1 / 3)
        total, count = total * kept + done * wait_seconds / HOLD, count * kept + done
        pressure.append(Slowness(total, count).ratio)
        if second >= 300:
            served += done
            waits_seconds.append(wait_seconds)
    assert served >= 0.6 * 100 * 600
    assert sorted(waits_seconds)[570] <= 5 * HOLD


async def test_a_dead_process_s_report_ages_out(runtime, sale):
    event_id = await open_line(runtime)
    await _hold(sale, seconds=HOLD * 20)
    assert (await read_pressure(runtime))["hold"] > 1
    [(process, report)] = (await runtime.redis.client.hgetall(pressure_key())).items()
    at_ms, figures = report.decode().split(" ", 1)
    old = f"{int(at_ms) - pressure_store.REPORT_AGE_MS_MAX - 1} {figures}"
    await runtime.redis.command("HSET", pressure_key(), process, old)
    assert (await read_pressure(runtime))["hold"] == 0
    await _seconds(runtime, event_id, 1)
    assert await _speed(runtime, event_id) == 1.0
    # Where nobody reports, nothing is kept either.
    assert 0 < await runtime.redis.command("PTTL", pressure_key()) <= 10_000


async def test_who_has_no_work_left_says_so_once(runtime, sale):
    await _hold(sale, seconds=HOLD * 20)
    assert (await read_pressure(runtime))["hold"] > 1
    sale.clock.advance(seconds=4)
    await queue.report_pressure(sale)
    assert (await read_pressure(runtime))["hold"] == 0
    await runtime.redis.command("DEL", pressure_key())
    await queue.report_pressure(sale)
    assert not await runtime.redis.command("EXISTS", pressure_key())


async def test_without_reports_admission_is_as_set(runtime):
    event_id = await open_line(runtime)
    await queue.report_pressure(runtime)
    assert not await runtime.redis.command("EXISTS", pressure_key())
    await _seconds(runtime, event_id, 3)
    board = await queue.read_latest_board(runtime, event_id)
    assert (board.speed, board.effective_rate_per_minute) == (1.0, 1_000_000)


async def test_one_ill_process_among_many_is_not_the_system_s_trouble(runtime, runtimes):
    for other in runtimes:
        other.clock = ShiftedClock()
    *well, ill = runtimes
    for other in well:
        _work(other, queue.measure_holds, seconds=HOLD / 50, count=50)
    _work(ill, queue.measure_holds, seconds=HOLD * 5, count=2)
    for other in runtimes:
        await queue.report_pressure(other)
    assert 0 < (await read_pressure(runtime))["hold"] < 1


async def test_many_admitters_adjust_once_a_second(runtime, runtimes, sale):
    event_id = await open_line(runtime)
    await _hold(sale, seconds=HOLD * 20)
    assert await runtime.redis.command("HGET", room_keys(event_id)[0], "speed") is None
    admitters = [queue.Admitter(other) for other in runtimes]
    started = runtime.clock.monotonic()
    while runtime.clock.monotonic() - started < 0.5:
        await asyncio.gather(*(admitter.run_round() for admitter in admitters))
    assert await _speed(runtime, event_id) == 0.5


async def test_a_script_that_runs_twice_adjusts_once(settings, runtime, sale):
    event_id = await open_line(runtime)
    await _hold(sale, seconds=HOLD * 20)
    for _ in range(2):
        await admit(runtime)
        await queue.report_pressure(sale)
    assert await _speed(runtime, event_id) == 0.5
    assert await runtime.redis.command("HLEN", pressure_key()) == 1


async def test_while_nobody_can_say_the_speed_stays(runtime, sale):
    event_id = await open_line(runtime)
    await _hold(sale, seconds=HOLD * 20)
    await _seconds(runtime, event_id, 1)
    await pass_a_second(runtime, event_id)
    await store.admit_next(runtime.redis, event_id, admit_max=1, pressure=None)
    assert await _speed(runtime, event_id) == 0.5


async def test_with_the_store_away_work_goes_on_and_nothing_is_reported(runtime, sale):
    async with redis_away(sale):
        _work(sale, queue.measure_holds, seconds=HOLD * 20)
        with pytest.raises(Unavailable):
            await queue.report_pressure(sale)
    assert (await read_pressure(runtime))["hold"] == 0


async def test_the_reports_are_bounded(runtime, sale):
    redis, slow = runtime.redis, [Slowness(40, 10), Slowness()]
    for number in range(pressure_store.PROCESSES_MAX):
        assert await pressure_store.report(redis, f"process {number}", slow)
    assert not await pressure_store.report(redis, "one more", slow)
    assert await pressure_store.report(redis, "process 7", slow)
    assert await redis.command("HLEN", pressure_key()) == pressure_store.PROCESSES_MAX
    for number in range(500):
        await redis.command("HSET", pressure_key(), f"process {number}", "1 9 9 9 9")
    assert await pressure_store.report(redis, "one more", slow)
    assert await redis.command("HLEN", pressure_key()) == 501
    assert (await read_pressure(runtime))["hold"] == pytest.approx(4)


class _CountingStore(RedisStore):
    def __init__(self, settings):
        super().__init__(settings)
        self.ran = []

    async def run(self, script, keys, args):
        self.ran.append(script.name)
        return await super().run(script, keys, args)


async def test_the_pressure_is_read_once_a_second_however_many_the_rooms(settings, runtime):
    for _ in range(5):
        await open_line(runtime)
    await runtime.redis.close()
    runtime.redis = _CountingStore(settings)
    admitter = queue.Admitter(runtime)
    for _ in range(4):
        await admitter.run_round()
    assert runtime.redis.ran.count("tiketi.queue:read_pressure") == 1


def test_every_process_that_makes_holds_or_confirms_payments_reports():
    for service in (*SERVICES, EDGE):
        works = {"reservations", "payments"} & set(service.modules)
        assert ("pressure" in service.loops) == bool(works), service.name
        assert ("pressure" in {loop.name for loop in loops_of(service)}) == bool(works)
