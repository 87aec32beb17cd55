from array import array

import pytest

from tiketi.cli.simulate.stats import Gap, Stats, percentile


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1), (0.0, 1)]
)
def test_percentiles_are_by_nearest_rank(share: float, expected: float) -> None:
    assert percentile(array("d", range(1, 101)), share) == expected


def test_no_times_have_no_percentile() -> None:
    assert percentile(array("d"), 0.99) == 0


def test_a_step_is_summed_up_in_milliseconds() -> None:
    stats = Stats(0)
    for took_ms in (4.0, 1.0, 3.0, 2.0):
        stats.answered("join", took_ms, 0.5)
    latency = stats.latency("join")
    assert (latency.count, latency.p50_ms, latency.p99_ms, latency.max_ms) == (4, 2, 4, 4)
    assert (stats.calls, stats.queueing().p99_ms) == (4, 0.5)


def test_a_silence_lasts_until_an_exchange_begun_after_it_is_answered() -> None:
    stats = Stats(100)
    stats.missed("queue", 110)
    stats.missed("queue", 111)
    stats.heard("queue", begun=109, now=112)
    assert stats.gaps == []
    stats.heard("queue", begun=113, now=114)
    stats.heard("queue", begun=115, now=116)
    assert stats.gaps == [Gap("queue", 10, 4)]
    assert stats.unavailable["queue"] == 2


def test_a_silence_that_goes_on_is_told() -> None:
    stats = Stats(0)
    stats.missed("payment", 5)
    assert stats.silences(now=9) == [Gap("payment", 5, 4)]


def test_refusals_are_counted_by_step_and_by_code() -> None:
    stats = Stats(0)
    stats.refused("lock", 409, "seat_taken")
    stats.refused("reserve", 409, "seat_taken")
    assert stats.refusals_by_code() == {(409, "seat_taken"): 2}


def test_examples_of_faults_are_bounded_and_their_count_is_not() -> None:
    stats = Stats(0)
    for number in range(1000):
        stats.fault("server error", str(number))
    assert stats.faults["server error"] == 1000
    assert len(stats.fault_examples) <= 50
