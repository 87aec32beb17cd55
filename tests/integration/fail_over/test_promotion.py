"""The writer dies in the middle of a sale and its reader takes over: who buys, who reads, what
it costs, and that nothing is sold twice.
"""

import asyncio
import time
from collections import Counter

import pytest
from sqlalchemy import text

from tests.integration.fail_over.test_reader import replayed, reserve
from tests.support.client import open_client
from tests.support.readers import paths_of, read
from tiketi.admin.api import check_invariants
from tiketi.infra.embedded import promote
from tiketi.infra.postgres import Database
from tiketi.kernel.errors import Unavailable
from tiketi.services.registry import get_service

BUYERS, READERS = 24, 8
SOLD_BEFORE = 40
AT_WORK_SECONDS_MAX = 30.0
# From the writer's death until a seat is sold again: promotion, one round of asking, a connection.
RECOVERY_SECONDS_MAX = 5.0
_OWNED = text("SELECT id FROM reservations.reservation WHERE event_id = :event_id")
_HELD = text("SELECT count(*) FROM seats.seat WHERE event_id = :event_id AND state = 'held'")


class Sale:
    """Buyers at one process of the reservation service who want the same seats in another order,
    and readers at one of the event service.
    """

    def __init__(self, client, reading, event) -> None:
        self._client, self._reading, self._event = client, reading, event
        self.bought: dict[str, str] = {}  # reservation by seat
        self.twice: list[str] = []
        self.answers: Counter[int] = Counter()
        self.strange: list[str] = []
        self.reads: Counter[int] = Counter()
        self.sold_at: list[float] = []
        self.over = False

    async def run(self) -> None:
        await asyncio.gather(
            *(self._buy(number) for number in range(BUYERS)),
            *(self._read(number) for number in range(READERS)),
        )

    async def _buy(self, number) -> None:
        turn = number // 2  # two at each seat
        while not self.over:
            seat_id = f"S{turn % 4}-{turn // 4 % 10 + 1}-{turn // 40 % 50 + 1}"
            turn += BUYERS // 2
            answer = await reserve(self._client, self._event, seat_id)
            self.answers[answer.status_code] += 1
            if answer.status_code not in (201, 409, 503):
                self.strange.append(answer.text)
            if answer.status_code == 201:
                self.sold_at.append(time.monotonic())
                if seat_id in self.bought:
                    self.twice.append(seat_id)
                self.bought[seat_id] = answer.json()["id"]
            await asyncio.sleep(0.01)

    async def _read(self, number) -> None:
        paths = list(paths_of(self._event).values())
        while not self.over:
            number += 1
            self.reads[(await read(self._reading, paths[number % len(paths)])).status] += 1
            await asyncio.sleep(0.01)


async def fail_over(pair) -> tuple[float, float]:
    """When the writer died, and when its name led to the new one."""
    died = time.monotonic()
    await asyncio.to_thread(pair.writer.kill)
    await asyncio.to_thread(promote, pair.reader)
    pair.to_writer.point_at(pair.reader.url())
    return died, time.monotonic()


async def sold(sale, count) -> None:
    async with asyncio.timeout(AT_WORK_SECONDS_MAX):
        while len(sale.sold_at) < count:  # noqa: ASYNC110 # polls
            await asyncio.sleep(0.01)


async def sold_again(sale, since) -> float:
    """Seconds until the first sale after the moment."""
    async with asyncio.timeout(RECOVERY_SECONDS_MAX * 2):
        while not (sale.sold_at and sale.sold_at[-1] > since):  # noqa: ASYNC110 # polls
            await asyncio.sleep(0.01)
    return next(at for at in sale.sold_at if at > since) - since


async def test_a_promoted_reader_sells_on_and_no_seat_twice(
    pair, event, runtime, open_process, record_testsuite_property
):
    await replayed(pair)
    buying = get_service("reservation")
    app = open_process(buying)
    async with open_client(app.runtime, buying) as client:
        sale = Sale(client, open_process(get_service("event")), event)
        at_work = asyncio.create_task(sale.run())
        await sold(sale, SOLD_BEFORE)
        before = sale.answers.copy()
        died, there = await fail_over(pair)
        seconds = await sold_again(sale, there) + there - died
        await sold(sale, len(sale.sold_at) + SOLD_BEFORE)
        sale.over = True
        await at_work
    record_testsuite_property("recovery_seconds", round(seconds, 2))
    record_testsuite_property("promotion_seconds", round(there - died, 2))
    record_testsuite_property("refused", sale.answers[503] - before[503])
    assert seconds < RECOVERY_SECONDS_MAX
    assert sale.strange == []
    assert set(sale.answers) == {201, 409, 503}
    assert set(sale.reads) == {200}
    assert sale.twice == []
    await everything_promised_is_there(runtime, event, sale)


async def everything_promised_is_there(runtime, event, sale):
    async with asyncio.timeout(RECOVERY_SECONDS_MAX):
        while True:
            try:
                async with runtime.database.latest() as reader:
                    rows = (await reader.execute(_OWNED, {"event_id": event.id})).scalars()
                    owned = {str(row) for row in rows}
                    held = (await reader.execute(_HELD, {"event_id": event.id})).scalar_one()
            except Unavailable:
                await asyncio.sleep(0.05)
            else:
                break
    assert owned >= set(sale.bought.values())
    assert held == len(owned)  # what was committed and not answered holds its seat too
    report = await check_invariants(runtime)
    assert [count for count in report.counts if count.violations] == []


async def test_an_url_of_both_hosts_finds_the_writer_by_itself(settings, pair, runtime):
    login, _, _ = pair.writer.url().partition("@")
    hosts = f"host=127.0.0.1:{pair.reader.port}&host=127.0.0.1:{pair.writer.port}"
    url = f"{login}@/tiketi?{hosts}&target_session_attrs=read-write"
    database = Database(settings.model_copy(update={"database_url": url}))
    port = text("SELECT inet_server_port()")
    try:
        async with database.transaction() as tx:
            assert (await tx.execute(port)).scalar_one() == pair.writer.port
        await asyncio.to_thread(pair.writer.kill)
        await asyncio.to_thread(promote, pair.reader)
        async with asyncio.timeout(RECOVERY_SECONDS_MAX):
            while True:
                try:
                    async with database.transaction() as tx:
                        assert (await tx.execute(port)).scalar_one() == pair.reader.port
                except Unavailable:
                    await asyncio.sleep(0.05)
                else:
                    break
    finally:
        await database.close()


async def test_an_url_whose_hosts_are_all_readers_is_a_database_that_is_away(settings, pair):
    """As between a writer's death and a reader's promotion."""
    login, _, _ = pair.reader.url().partition("@")
    url = f"{login}@127.0.0.1:{pair.reader.port}/tiketi?target_session_attrs=read-write"
    database = Database(settings.model_copy(update={"database_url": url}))
    with pytest.raises(Unavailable):
        async with database.transaction():
            pass
    await database.close()
