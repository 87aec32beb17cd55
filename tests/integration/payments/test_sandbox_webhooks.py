"""The sandbox's own webhooks, over real HTTP."""

import asyncio

import orjson
import pytest
from sqlalchemy import text

from tests.support.client import open_client
from tests.support.paying import (
    DECLINED,
    INSUFFICIENT,
    WEBHOOK_LATER,
    WEBHOOK_NEVER,
    Buyer,
    audit,
    count_rows,
)
from tests.support.receiver import open_receiver
from tiketi.payments.loops import LOOPS, send_sandbox_webhooks
from tiketi.payments.providers.sandbox import sending
from tiketi.services.registry import get_service


class Shop:
    """The receiving end: refuses as often as it was told to, then hears for real."""

    def __init__(self) -> None:
        self.client = None
        self.heard = []
        self.refusals = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def handle(self, received) -> int:
        await self.hold.wait()
        if self.refusals > 0:
            self.refusals -= 1
            return 503
        self.heard.append(received)
        names = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type")
        answer = await self.client.http.post(
            received.path,
            content=received.body,
            headers={name: received.headers[name] for name in names},
        )
        return answer.status_code

    @property
    def told(self) -> list[str]:
        return [orjson.loads(received.body)["type"] for received in self.heard]


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
async def settings(base_settings, shop):
    async with open_receiver(shop.handle) as port:
        url = f"http://127.0.0.1:{port}/api/v1/payments/webhooks/sandbox"
        yield base_settings.model_copy(update={"sandbox_webhook_url": url})


@pytest.fixture
async def client(runtime, shop):
    async with open_client(runtime, get_service("edge")) as client:
        shop.client = client
        yield client


@pytest.fixture
def anna(client, event, shop):
    return Buyer(client, event)


async def states(runtime) -> list[tuple[int, bool, bool]]:
    """Of each webhook: attempts, whether it was sent, whether it was given up."""
    async with runtime.database.latest() as reader:
        rows = await reader.execute(
            text("""
                SELECT attempts, sent_at IS NOT NULL, given_up_at IS NOT NULL
                FROM sandbox.webhook ORDER BY created_at""")
        )
        return [tuple(row) for row in rows]


async def decline(anna, count: int) -> None:
    """So many buyers' cards, each of which is an echo."""
    for n in range(count):
        buyer = Buyer(anna.client, anna.event)
        await buyer.confirm(await buyer.begin(f"A-{n // 20 + 1}-{n % 20 + 1}"), DECLINED)


async def test_a_slow_charge_is_confirmed_by_its_webhook(anna, shop, runtime, clock):
    payment = await anna.begin("A-1-1")
    assert (await anna.confirm(payment, WEBHOOK_LATER)).json()["status"] == "processing"
    clock.advance(seconds=4.9)
    await send_sandbox_webhooks(runtime)
    assert shop.heard == []
    clock.advance(seconds=0.2)
    await send_sandbox_webhooks(runtime)
    assert shop.told == ["payment.succeeded"]
    data = orjson.loads(shop.heard[0].body)["data"]
    assert (data["payment_id"], data["amount"], data["currency"]) == (payment["id"], 50_000, "KRW")
    assert data["provider_payment_id"].startswith("sbx_")
    assert (await anna.look(payment))["status"] == "succeeded"
    assert await anna.ticket_statuses(payment) == ["valid"]
    assert await audit(runtime) == []


async def test_every_outcome_is_told_once_but_the_silent_one(anna, shop, runtime):
    await anna.confirm(await anna.begin("A-1-1"))
    await anna.confirm(await anna.begin("A-1-2"), DECLINED)
    await anna.confirm(await anna.begin("A-1-3"), INSUFFICIENT)
    await anna.confirm(await anna.begin("A-1-4"), WEBHOOK_NEVER)
    await anna.refund(await anna.buy("A-1-5"), 10_000)
    for _ in range(3):
        await send_sandbox_webhooks(runtime)
    assert sorted(shop.told) == [
        "payment.failed",
        "payment.failed",
        "payment.refunded",
        "payment.succeeded",
        "payment.succeeded",
    ]
    assert len({received.headers["webhook-id"] for received in shop.heard}) == 5
    assert await count_rows(runtime, "payments.webhook") == 5


async def test_a_shop_that_is_down_hears_of_it_later(anna, shop, runtime, clock):
    await anna.buy("A-1-1")
    shop.refusals = 2
    await send_sandbox_webhooks(runtime)
    await send_sandbox_webhooks(runtime)
    assert await states(runtime) == [(1, False, False)]
    for wait_seconds in (2.1, 4.1):
        clock.advance(seconds=wait_seconds)
        await send_sandbox_webhooks(runtime)
    assert await states(runtime) == [(3, True, False)]
    assert len(shop.heard) == 1


async def test_a_shop_that_never_answers_is_given_up(anna, shop, runtime, clock):
    await anna.buy("A-1-1")
    shop.refusals = 1_000
    for _ in range(sending.ATTEMPTS_MAX + 3):
        clock.advance(seconds=sending.BACKOFF_SECONDS_MAX + 1)
        await send_sandbox_webhooks(runtime)
    assert await states(runtime) == [(sending.ATTEMPTS_MAX, False, True)]


async def test_a_shop_that_nobody_reaches_stops_no_round(anna, runtime, clock, shop):
    await anna.buy("A-1-1")
    runtime.settings = runtime.settings.model_copy(
        update={"sandbox_webhook_url": "http://127.0.0.1:9/nobody"}
    )
    await send_sandbox_webhooks(runtime)
    assert await states(runtime) == [(1, False, False)]


async def test_a_shop_that_nobody_reaches_loses_one_try_a_sender(anna, runtime, shop):
    count = sending.SENDERS_MAX + 3
    await decline(anna, count)
    away = {"sandbox_webhook_url": "http://127.0.0.1:9/nobody"}
    there, runtime.settings = runtime.settings, runtime.settings.model_copy(update=away)
    assert await sending.send_due(runtime) == count
    assert sorted(await states(runtime)) == sorted(
        [(1, False, False)] * sending.SENDERS_MAX + [(0, False, False)] * 3
    )
    runtime.settings = there
    assert await sending.send_due(runtime) == 3
    assert len(shop.heard) == 3


async def test_many_senders_send_each_once(anna, shop, runtime):
    for n in range(1, 9):
        await anna.confirm(await anna.begin(f"A-1-{n}"), DECLINED)
    await asyncio.gather(*(sending.send_due(runtime) for _ in range(4)))
    assert len(shop.heard) == 8
    assert {state[0] for state in await states(runtime)} == {1}


async def test_a_sender_that_dies_is_replaced(anna, shop, runtime, clock):
    await anna.buy("A-1-1")
    shop.hold.clear()
    dying = asyncio.create_task(sending.send_due(runtime))
    while (await states(runtime))[0][0] == 0:  # noqa: ASYNC110 # of another task
        await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    shop.hold.set()
    assert await sending.send_due(runtime) == 0
    clock.advance(seconds=sending.LEASE_SECONDS + 1)
    assert await sending.send_due(runtime) == 1
    assert (await states(runtime))[0][1]


async def test_news_go_before_echoes(anna, shop, runtime, clock):
    await decline(anna, sending.ECHOES_MAX + 1)
    payment = await anna.begin("A-20-1")
    await anna.confirm(payment, WEBHOOK_LATER)
    clock.advance(seconds=5.1)
    await send_sandbox_webhooks(runtime)
    assert len(shop.heard) == sending.ECHOES_MAX + 1
    assert (await anna.look(payment))["status"] == "succeeded"


async def test_the_registry_s_loops_are_these():
    assert {loop.name for loop in LOOPS} == set(get_service("payment").loops) - {"pressure"}
