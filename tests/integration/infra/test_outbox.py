import asyncio

from sqlalchemy import text

from tiketi.infra.outbox import deliver_due, forget_old, publish


async def rows(runtime):
    async with runtime.database.latest() as reader:
        return (await reader.execute(text("SELECT * FROM infra.outbox ORDER BY id"))).all()


async def test_news_of_a_rolled_back_transaction_never_leaves(runtime):
    try:
        async with runtime.database.transaction() as tx:
            await publish(tx, "news", {})
            raise RuntimeError
    except RuntimeError:
        pass
    assert await rows(runtime) == []


async def test_each_message_is_delivered_once_by_many_consumers(runtime):
    heard: list[int] = []

    async def consume(_tx, message):
        await asyncio.sleep(0)
        heard.append(message.payload["n"])

    async with runtime.database.transaction() as tx:
        for n in range(40):
            await publish(tx, "news", {"n": n})
    await asyncio.gather(*(deliver_due(runtime.database, {"news": consume}) for _ in range(4)))
    assert sorted(heard) == list(range(40))


async def test_a_failed_delivery_rolls_back_and_is_tried_later(runtime):
    async def fail(tx, message):
        await publish(tx, "effect", {})
        raise ValueError(message.topic)

    async with runtime.database.transaction() as tx:
        await publish(tx, "news", {})
    await deliver_due(runtime.database, {"news": fail})
    [kept] = await rows(runtime)
    assert (kept.topic, kept.attempts, kept.delivered_at) == ("news", 1, None)
    assert "ValueError" in kept.last_error
    assert kept.due_at > kept.created_at


async def test_served_messages_are_forgotten_and_waiting_ones_are_not(runtime):
    async with runtime.database.transaction() as tx:
        for _ in range(4):
            await publish(tx, "news", {})
        old, given_up, fresh, _waiting = (
            await tx.execute(text("SELECT id FROM infra.outbox ORDER BY id"))
        ).scalars()
        await tx.execute(
            text("UPDATE infra.outbox SET delivered_at = now() - interval '2 days' WHERE id = :id"),
            {"id": old},
        )
        await tx.execute(
            text("UPDATE infra.outbox SET given_up_at = now() - interval '2 days' WHERE id = :id"),
            {"id": given_up},
        )
        await tx.execute(
            text("UPDATE infra.outbox SET delivered_at = now() WHERE id = :id"), {"id": fresh}
        )
        assert await forget_old(tx) == 1
    assert old not in [row.id for row in await rows(runtime)]
