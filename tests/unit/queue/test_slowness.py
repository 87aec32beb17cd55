import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.queue.slowness import (
    COUNT_MIN,
    KEPT_SECONDS_MIN,
    OVERLOADED_TIMES,
    Slowness,
    Stopwatch,
)


def _do(stopwatch, count, *, seconds, at=0.0):
    for _ in range(count):
        stopwatch.end(stopwatch.begin(at), at + seconds)


def test_work_as_long_as_its_target_is_1():
    stopwatch = Stopwatch(0.5)
    _do(stopwatch, 20, seconds=0.5)
    assert stopwatch.read(0.5).ratio == pytest.approx(1)


def test_a_single_slow_one_in_a_quiet_hour_says_little():
    stopwatch = Stopwatch(0.5)
    _do(stopwatch, 1, seconds=1.0)
    assert stopwatch.read(1.0).ratio == pytest.approx(2 / COUNT_MIN)


def test_what_is_overdue_counts_before_it_ends():
    stopwatch = Stopwatch(0.5)
    for _ in range(10):
        stopwatch.begin(0.0)
    assert stopwatch.read(0.4) is None
    assert stopwatch.read(2.0).ratio == pytest.approx(4)


def test_a_quick_refusal_says_nothing_and_a_slow_one_does():
    stopwatch = Stopwatch(0.5)
    for _ in range(10):
        stopwatch.end_refused(stopwatch.begin(0.0), 0.1)
    assert stopwatch.read(0.1) is None
    for _ in range(10):
        stopwatch.end_refused(stopwatch.begin(1.0), 3.0)
    assert stopwatch.read(3.0).ratio == pytest.approx(4)


def test_slow_work_one_after_another_is_noticed_too():
    stopwatch = Stopwatch(3.0)
    for second in range(0, 40, 5):
        _do(stopwatch, 1, seconds=5.0, at=second)
    assert stopwatch.read(40.0).ratio > 1


def test_an_overloaded_store_s_quick_refusal_counts_as_slow():
    stopwatch = Stopwatch(0.5)
    for _ in range(10):
        stopwatch.end_overloaded(stopwatch.begin(0.0), 0.001)
    assert stopwatch.read(0.001).ratio == pytest.approx(OVERLOADED_TIMES)


def test_quick_work_makes_slow_work_forgotten_within_seconds():
    stopwatch = Stopwatch(0.5)
    _do(stopwatch, 50, seconds=2.0)
    for second in range(2, 12):
        _do(stopwatch, 50, seconds=0.05, at=second)
    assert stopwatch.read(12.0).ratio < 0.5


def test_who_has_nothing_to_do_has_nothing_to_say():
    stopwatch = Stopwatch(0.5)
    assert stopwatch.read(0.0) is None
    _do(stopwatch, 50, seconds=2.0)
    quiet_at = 2.0 + KEPT_SECONDS_MIN
    assert stopwatch.read(quiet_at).ratio > 1
    assert stopwatch.read(quiet_at + 0.1) is None


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 60)), min_size=1, max_size=50))
def test_the_average_lies_below_the_slowest(work):
    stopwatch, now = Stopwatch(0.5), 0.0
    for pause_seconds, seconds in work:
        now += pause_seconds
        begun = stopwatch.begin(now)
        now += seconds
        stopwatch.end(begun, now)
    slowest = max(seconds for _, seconds in work) / 0.5
    assert 0 <= (stopwatch.read(now) or Slowness()).ratio <= slowest * 1.000001
