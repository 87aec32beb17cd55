import asyncio
import csv
import io
import tracemalloc

import pytest
from sqlalchemy import text

from tests.http.admin.house import buyer_of
from tests.support.waiting_room import until
from tiketi.admin.exports import EXPORTS_AT_ONCE_MAX
from tiketi.kernel.ids import new_id

NAMES = ("reservations", "payments", "attendees")


@pytest.fixture
async def event(organizer):
    return await organizer.make_event(publish=True, title='=HYPERLINK("http://evil"), "Live"')


@pytest.fixture
async def kim(client, event):
    return await buyer_of(client, event, "kim@tiketi.test")


async def export(crew, name, **query) -> list[dict[str, str]]:
    answer = await crew.get(f"/exports/{name}.csv", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    written = answer.content.decode("utf-8-sig")
    assert written.count("\r\n") == written.count("\n")
    return list(csv.DictReader(io.StringIO(written, newline="")))


async def test_reservations_have_their_buyers_and_seats(organizer, kim, event):
    payment = await kim.buy("VIP-1-1", "VIP-1-2")
    held = await kim.reserve("A-1-1")
    first, second = await export(organizer, "reservations")
    assert (first["reservation_id"], first["status"]) == (payment["reservation_id"], "confirmed")
    assert (first["seats"], first["places"]) == ("VIP-1-1 VIP-1-2", "2")
    assert (first["amount"], first["currency"]) == ("300000", "KRW")
    assert (first["name"], first["email"]) == ("kim", "kim@tiketi.test")
    assert first["confirmed_at"].endswith("Z")
    assert (second["reservation_id"], second["confirmed_at"]) == (held, "")
    assert first["event_id"] == event["id"]


async def test_payments_have_what_went_back(organizer, kim):
    payment = await kim.buy("VIP-1-1")
    await organizer.refund(payment["reservation_id"], 50_000)
    (row,) = await export(organizer, "payments")
    assert (row["payment_id"], row["status"]) == (payment["id"], "partially_refunded")
    assert (row["amount"], row["refunded_amount"], row["provider"]) == (
        "150000",
        "50000",
        "sandbox",
    )


async def test_attendees_are_the_tickets_that_open_the_door(organizer, staff, kim):
    await kim.buy("VIP-1-1", "VIP-1-2")
    void = await kim.buy("A-1-1")
    await organizer.refund(void["reservation_id"])
    first, second = await export(organizer, "attendees")
    assert [row["seat"] for row in (first, second)] == ["VIP-1-1", "VIP-1-2"]
    await staff.post("/checkins", {"code": first["ticket_code"], "gate": "@West"})
    used, valid = await export(organizer, "attendees")
    assert (used["status"], used["gate"], valid["status"]) == ("used", "'@West", "valid")


async def test_formulas_are_disarmed_and_quoting_survives(organizer, kim, client):
    await client.patch("/auth/me", {"name": "=1+1", "phone": "+82 10 1234 5678"}, token=kim.token)
    await kim.reserve("A-1-1")
    (row,) = await export(organizer, "reservations")
    assert row["name"] == "'=1+1"
    assert row["phone"] == "'+82 10 1234 5678"
    assert row["event"] == '\'=HYPERLINK("http://evil"), "Live"'


async def test_an_event_narrows_it_and_an_organizer_has_their_own(
    organizer, rival, admin, kim, event
):
    await kim.buy("VIP-1-1")
    other = await organizer.make_event(publish=True)
    await (await buyer_of(kim.client, other, "lee@tiketi.test")).buy("VIP-1-1")
    for name in NAMES:
        assert len(await export(organizer, name)) == 2
        assert len(await export(admin, name)) == 2
        (row,) = await export(organizer, name, event_id=event["id"])
        assert row["event_id"] == event["id"]
        assert await export(rival, name) == []
        for unseen in (event["id"], str(new_id())):
            refused = await rival.get(f"/exports/{name}.csv", params={"event_id": unseen})
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        malformed = await organizer.get(f"/exports/{name}.csv", params={"event_id": "x"})
        assert malformed.status_code == 422


async def test_what_left_the_house_is_on_record(organizer, admin, event):
    await export(organizer, "attendees", event_id=event["id"])
    (entry,) = (await admin.get("/audit?action=export.attendees")).json()["items"]
    assert (entry["actor_id"], entry["subject_id"]) == (organizer.id, event["id"])


ROWS = 30_000
_FILL = text("""
    INSERT INTO reservations.reservation
        (id, number, event_id, user_id, status, amount_minor, currency, expires_at)
    SELECT gen_random_uuid(), 'TK-' || n, :event_id, gen_random_uuid(), 'expired', 1000, 'KRW',
        now()
    FROM generate_series(1, :rows) AS n""")


_IN_TRANSACTION = text("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")


async def fill(runtime, event) -> None:
    async with runtime.database.transaction() as tx:
        await tx.execute(_FILL, {"event_id": event["id"], "rows": ROWS})


async def download(crew, receive, send, spec_version="2.4") -> None:
    """The export as a server runs it: each chunk by itself."""
    path = "/api/v1/admin/exports/reservations.csv"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": spec_version},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {crew.token}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("tiketi.test", 80),
    }
    await crew.client.http._transport.app(scope, receive, send)


async def never():
    await asyncio.Event().wait()


async def test_memory_does_not_grow_with_the_rows(organizer, runtime, event):
    """30,000 rows are over 4 MB of text and far more as objects; a batch is held at once."""
    await fill(runtime, event)
    sizes: list[int] = []

    async def send(message):
        if message["type"] == "http.response.body":
            sizes.append(len(message["body"]))

    tracemalloc.start()
    try:
        await download(organizer, never, send)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes) > 4_000_000
    assert max(sizes) < 200_000
    assert peak < 4_000_000


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
async def test_a_client_that_goes_away_frees_what_it_read_from(
    organizer, runtime, event, spec_version
):
    await fill(runtime, event)
    for _ in range(EXPORTS_AT_ONCE_MAX + 1):
        gone = asyncio.Event()

        async def receive(gone=gone):
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message, gone=gone):
            if message["type"] == "http.response.body":
                gone.set()
                if spec_version == "2.4":
                    raise OSError("gone")
                await never()

        await download(organizer, receive, send, spec_version)
    assert len(await export(organizer, "reservations")) == ROWS
    async with runtime.database.latest() as reader:
        idle = await reader.execute(_IN_TRANSACTION)
        assert idle.scalar_one() == 0


async def test_too_many_at_once_are_told_to_come_back(organizer, runtime, event):
    await fill(runtime, event)
    answers = await asyncio.gather(
        *(organizer.get("/exports/reservations.csv") for _ in range(EXPORTS_AT_ONCE_MAX + 3))
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) >= EXPORTS_AT_ONCE_MAX
    assert set(statuses) <= {200, 503}
    assert all(a.headers["retry-after"] for a in answers if a.status_code == 503)

    async def is_free() -> bool:
        return (await organizer.get("/exports/reservations.csv")).status_code == 200

    await until(is_free)
