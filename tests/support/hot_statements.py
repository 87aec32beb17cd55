"""The statements that an on-sale repeats, and the plans that PostgreSQL has for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause

from tiketi.infra import idempotency_store, outbox
from tiketi.infra.postgres import by_places
from tiketi.infra.runtime import Runtime
from tiketi.payments import repository as payments
from tiketi.payments import repository_confirming as payments_confirming
from tiketi.payments import repository_due as payments_due
from tiketi.payments import repository_starting as payments_starting
from tiketi.reservations import claims_repository, quota
from tiketi.reservations import repository as reservations
from tiketi.seats import availability_repository as availability
from tiketi.seats import claims_repository as seats
from tiketi.tickets import repository as tickets


@dataclass(frozen=True)
class Statement:
    """``when`` says what asks it, in the words of the page; ``sql`` is as the module has it."""

    name: str
    when: str
    sql: TextClause


HOT = (
    Statement(
        "look at seats",
        "a lock, before it is granted; several buyers' at once",
        seats._UNOWNED,
    ),
    Statement("sell seats", "a settlement", seats._SELL_SEATS),
    Statement("give seats back", "expiry, cancellation, refund", seats._RELEASE_SEATS),
    Statement("sell general places", "a settlement", seats._SELL_GENERAL),
    Statement("give general places back", "expiry, cancellation", seats._RELEASE_GENERAL),
    Statement("every seat's state", "availability, twice a second an event", availability._STATES),
    Statement("places that remain", "availability", availability._REMAINING),
    Statement("find reservations", "GET, before a payment, a settlement", reservations._LIST),
    Statement("where reservations stand", "confirm", reservations._STATUSES),
    Statement("extend holds", "POST /payments", reservations._EXTEND),
    Statement("reservations of a buyer", "GET /reservations", reservations._LIST_OF_USER),
    Statement("lock reservations", "a settlement", reservations._LOCK),
    Statement("where their seats are", "expiry, cancellation", reservations._HOLDINGS),
    Statement("move reservations on", "settlement, expiry", reservations._SET_STATUS),
    Statement("holds that are over", "the sweeper, every second", reservations._EXPIRED),
    Statement("uncount places", "expiry, cancellation", quota._GIVE_BACK),
    Statement("a key's reservation", "POST /reservations again", claims_repository._FIND_KEY),
    Statement("a key's answer", "any idempotent call", idempotency_store._FIND),
    Statement("a payment", "confirm, GET", payments._FIND),
    Statement("a live payment", "POST /payments", payments_starting._FIND_LIVE),
    Statement("ask the provider", "confirm", payments_confirming._CLAIM),
    Statement("money was taken", "a settlement", payments._SETTLE_CAPTURED),
    Statement("payments in doubt", "the reconciler", payments_due._LEASE_DUE),
    Statement(
        "tickets of reservations",
        "GET …/tickets, several buyers' at once",
        tickets._OF_RESERVATIONS,
    ),
    Statement("a ticket by its code", "check-in", tickets._BY_CODE),
    Statement("let in", "check-in", tickets._CHECK_IN),
    Statement("the next message", "mail", outbox._TAKE),
)

# As after an hour of a large sale: what is looked for is a small part of each table.
FILL = """
    INSERT INTO seats.seat (event_id, seat_index, tier_id, state, reservation_id)
    SELECT md5('e' || n % 4)::uuid, n / 4, md5('t')::uuid, 's', md5('r' || n / 2)::uuid
    FROM generate_series(0, 59999) AS n;
    INSERT INTO seats.general_bucket (tier_id, bucket, event_id, capacity, remaining)
    SELECT md5('g' || n / 8)::uuid, n % 8, md5('e' || n / 8)::uuid, 1000, 1000
    FROM generate_series(0, 3999) AS n;
    INSERT INTO reservations.reservation (id, number, event_id, user_id, status, amount_minor,
        currency, expires_at, key_path, key, key_fingerprint, answer)
    SELECT md5('r' || n)::uuid, 'TK-' || n, md5('e' || n % 4)::uuid, md5('u' || n)::uuid,
        CASE WHEN n % 20 = 0 THEN 'pending' ELSE 'confirmed' END, 1, 'KRW',
        now() + n * interval '1 second', '/api/v1/reservations', 'k' || n, 'f', 'a'
    FROM generate_series(0, 29999) AS n;
    INSERT INTO reservations.item (reservation_id, position, seat_index, seat_id, section, tier_id,
        unit_price_minor, quantity)
    SELECT md5('r' || n / 2)::uuid, n % 2, n / 4, 'A-1-1', 'A', md5('t')::uuid, 1, 1
    FROM generate_series(0, 59999) AS n;
    INSERT INTO reservations.quota (event_id, user_id, places, places_max)
    SELECT md5('e' || n % 4)::uuid, md5('u' || n)::uuid, 2, 4 FROM generate_series(0, 29999) AS n;
    INSERT INTO seats.general_claim (reservation_id, tier_id, bucket, quantity, state)
    SELECT md5('r' || n)::uuid, md5('g' || n % 500)::uuid, 0, 1, 's'
    FROM generate_series(0, 29999) AS n;
    INSERT INTO tickets.ticket (id, code, reservation_id, position, place, event_id, user_id,
        tier_id, seat_id)
    SELECT md5('c' || n)::uuid, 'C' || n, md5('r' || n / 2)::uuid, n % 2, 0,
        md5('e' || n % 4)::uuid, md5('u' || n / 2)::uuid, md5('t')::uuid, 'A-1-' || n
    FROM generate_series(0, 59999) AS n;
    INSERT INTO payments.payment (id, reservation_id, event_id, user_id, provider, status,
        amount_minor, currency, hold_expires_at, created_at, updated_at, check_at, settled_at)
    SELECT md5('p' || n)::uuid, md5('r' || n)::uuid, md5('e' || n % 4)::uuid,
        md5('u' || n)::uuid, 'sandbox', CASE WHEN n % 20 = 0 THEN 'processing' ELSE 'succeeded' END,
        1, 'KRW', now(), now(), now(), CASE WHEN n % 20 = 0 THEN now() END,
        CASE WHEN n % 20 = 0 THEN NULL ELSE now() END
    FROM generate_series(0, 29999) AS n;
    INSERT INTO infra.idempotency_key (user_id, method, path, key, fingerprint, status, body)
    SELECT md5('u' || n)::uuid, 'POST', '/api/v1/reservations', 'k', 'f', 409, 'b'
    FROM generate_series(0, 29999) AS n;
    INSERT INTO infra.outbox (id, topic, payload, delivered_at)
    SELECT md5('m' || n)::uuid, 'mail', '{}', CASE WHEN n % 20 > 0 THEN now() END
    FROM generate_series(0, 19999) AS n;
    INSERT INTO seats.returns (event_id, allotment_id, is_kept, look_until)
    SELECT md5('w' || n)::uuid, md5('a' || n)::uuid, true, now()
    FROM generate_series(0, 3999) AS n;
    ANALYZE"""


FILL_SECONDS_MAX = 60


@dataclass(frozen=True)
class Plan:
    """``scans``: each table that is read, with the index it is read by, or None for all of it."""

    statement: Statement
    scans: tuple[tuple[str, str | None], ...]


async def explain_hot(runtime: Runtime) -> list[Plan]:
    """The generic plan of each, since a prepared statement lives by that."""
    async with runtime.database.latest() as reader:
        driver = await reader.driver()
        await driver.execute("SET statement_timeout = 0")
        await driver.execute(FILL, timeout=FILL_SECONDS_MAX)
        await driver.execute("SET plan_cache_mode = force_generic_plan")
        return [Plan(each, await _explain(driver, each.sql)) for each in HOT]


async def _explain(driver: Any, statement: TextClause) -> tuple[tuple[str, str | None], ...]:
    query, names = by_places(statement)
    await driver.execute(f"PREPARE hot AS {query}")
    values = f"({', '.join(['NULL'] * len(names))})" if names else ""
    answer = await driver.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE hot{values}")
    await driver.execute("DEALLOCATE hot")
    found = sorted(set(_scans(answer[0]["Plan"])), key=str)
    return tuple(found)


def _scans(node: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    kind = node["Node Type"]
    if kind == "Seq Scan":
        yield node["Relation Name"], None
    elif kind in {"Index Scan", "Index Only Scan"}:
        yield node["Relation Name"], node["Index Name"]
    elif kind == "Bitmap Index Scan":
        yield "", node["Index Name"]
    for child in node.get("Plans", ()):
        yield from _scans(child)


def table_of(plans: list[Plan]) -> str:
    """The table of docs/statements.md."""
    lines = ["| statement | when | read by |", "|---|---|---|"]
    for plan in plans:
        indexes = ", ".join(f"`{index or 'all of ' + table}`" for table, index in plan.scans)
        lines.append(f"| {plan.statement.name} | {plan.statement.when} | {indexes or 'none'} |")
    return "\n".join(lines)
