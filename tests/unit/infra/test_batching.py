"""Items that wait are decided together, each with its own outcome and every wait with a bound."""

import asyncio

import pytest
from asyncpg import DeadlockDetectedError

from tiketi.infra.batching import AGAIN, ASKED_TIMES_MAX, CONFLICT_TRIES_MAX, Batcher
from tiketi.kernel.errors import Unavailable


class Decider:
    """Answers ten times the item once ``gate`` is open; remembers the batches it was given."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, items):
        self.batches.append(list(items))
        await self.gate.wait()
        return [item * 10 for item in items]


@pytest.fixture
def decider():
    return Decider()


def batcher_of(decide, **bounds):
    chosen = {"batch_max": 8, "waiting_max": 100, "flights_max": 1, "wait_seconds_max": 5.0}
    return Batcher("test", decide, **{**chosen, **bounds})


async def begun(batcher, items):
    """The items, handed in and on their way."""
    tasks = [asyncio.create_task(batcher.submit(item)) for item in items]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_a_lone_item_goes_at_once(decider):
    assert await batcher_of(decider).submit(1) == 10
    assert decider.batches == [[1]]


async def test_those_of_one_turn_are_one_batch_and_each_hears_its_own(decider):
    batcher = batcher_of(decider)
    assert await asyncio.gather(*(batcher.submit(item) for item in range(5))) == [0, 10, 20, 30, 40]
    assert decider.batches == [[0, 1, 2, 3, 4]]


async def test_those_that_come_meanwhile_are_the_next_batches(decider):
    batcher = batcher_of(decider, batch_max=3)
    decider.gate.clear()
    first = await begun(batcher, [1])
    rest = await begun(batcher, [2, 3, 4, 5])
    decider.gate.set()
    assert await asyncio.gather(*first, *rest) == [10, 20, 30, 40, 50]
    assert decider.batches == [[1], [2, 3, 4], [5]]


async def test_no_more_are_decided_at_once_than_allowed(decider):
    batcher = batcher_of(decider, flights_max=2)
    decider.gate.clear()
    tasks = [
        *(await begun(batcher, [1])),
        *(await begun(batcher, [2])),
        *(await begun(batcher, [3])),
    ]
    assert decider.batches == [[1], [2]]
    decider.gate.set()
    await asyncio.gather(*tasks)
    assert decider.batches == [[1], [2], [3]]


async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back(decider):
    batcher = batcher_of(decider, waiting_max=2)
    decider.gate.clear()
    tasks = [*(await begun(batcher, [1])), *(await begun(batcher, [2, 3]))]
    with pytest.raises(Unavailable) as refused:
        await asyncio.wait_for(batcher.submit(4), 0.5)
    assert refused.value.retry_after_seconds == 1
    decider.gate.set()
    assert await asyncio.gather(*tasks) == [10, 20, 30]
    assert [4] not in decider.batches


async def test_whose_turn_comes_too_late_is_refused_undecided(decider):
    batcher = batcher_of(decider, wait_seconds_max=0.01)
    decider.gate.clear()
    tasks = [*(await begun(batcher, [1])), *(await begun(batcher, [2]))]
    await asyncio.sleep(0.05)
    decider.gate.set()
    first, second = await asyncio.gather(*tasks, return_exceptions=True)
    assert first == 10
    assert isinstance(second, Unavailable)
    assert decider.batches == [[1]]


async def test_who_has_gone_before_their_turn_is_not_decided(decider):
    batcher = batcher_of(decider)
    decider.gate.clear()
    (first,) = await begun(batcher, [1])
    (gone,) = await begun(batcher, [2])
    gone.cancel()
    (last,) = await begun(batcher, [3])
    decider.gate.set()
    assert await asyncio.gather(first, last) == [10, 30]
    assert decider.batches == [[1], [3]]


async def test_only_the_one_to_blame_hears_of_an_error():
    async def decide(items):
        if 3 in items:
            raise ValueError("three")
        return [item * 10 for item in items]

    batcher = batcher_of(decide)
    outcomes = await asyncio.gather(
        *(batcher.submit(item) for item in range(6)), return_exceptions=True
    )
    assert [each for each in outcomes if not isinstance(each, ValueError)] == [0, 10, 20, 40, 50]
    assert isinstance(outcomes[3], ValueError)


async def test_an_outcome_that_is_an_error_is_raised_to_its_own_caller():
    async def decide(items):
        return [KeyError(item) if item == 1 else item for item in items]

    batcher = batcher_of(decide)
    zero, one = await asyncio.gather(batcher.submit(0), batcher.submit(1), return_exceptions=True)
    assert zero == 0
    assert isinstance(one, KeyError)


async def test_a_store_that_is_away_is_told_to_all_of_the_batch_and_the_next_goes_on():
    away = True

    async def decide(items):
        if away:
            raise Unavailable("away")
        return items

    batcher = batcher_of(decide)
    outcomes = await asyncio.gather(batcher.submit(0), batcher.submit(1), return_exceptions=True)
    assert [type(each) for each in outcomes] == [Unavailable, Unavailable]
    assert outcomes[0] is not outcomes[1]
    away = False
    assert await batcher.submit(2) == 2


async def test_a_deadlocks_victim_is_decided_again_a_bounded_number_of_times():
    asked = 0

    async def decide(items):
        nonlocal asked
        asked += 1
        if asked < times:
            raise Unavailable("away") from DeadlockDetectedError
        return items

    times = CONFLICT_TRIES_MAX
    assert await batcher_of(decide).submit(1) == 1
    asked, times = 0, CONFLICT_TRIES_MAX + 1
    with pytest.raises(Unavailable):
        await batcher_of(decide).submit(1)
    assert asked == CONFLICT_TRIES_MAX


async def test_the_undecided_are_asked_again_before_those_behind_them():
    batches = []

    async def decide(items):
        batches.append(list(items))
        return [AGAIN if item == 2 and len(batches) < 3 else item for item in items]

    batcher = batcher_of(decide, batch_max=2)
    assert await asyncio.gather(*(batcher.submit(item) for item in (1, 2, 3, 4))) == [1, 2, 3, 4]
    assert batches == [[1, 2], [2, 3], [2, 4]]


async def test_what_stays_undecided_is_refused_after_a_bounded_number_of_times():
    asked = 0

    async def decide(items):
        nonlocal asked
        asked += 1
        return [AGAIN] * len(items)

    with pytest.raises(Unavailable):
        await batcher_of(decide).submit(1)
    assert asked == ASKED_TIMES_MAX


async def test_a_process_that_ends_leaves_nobody_waiting(decider):
    batcher = batcher_of(decider)
    decider.gate.clear()
    tasks = [*(await begun(batcher, [1])), *(await begun(batcher, [2]))]
    for flight in list(batcher._flights):  # as the loop does it at its end
        flight.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in outcomes] == [Unavailable, Unavailable]
