"""After the sale: every purchase read once more by its buyer, and all of them by the admin."""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from tiketi.cli.simulate.buyer import Buyer
from tiketi.cli.simulate.calls import Account, Caller
from tiketi.cli.simulate.ledger import Purchase
from tiketi.cli.simulate.paying import fetch_tickets, read_charges, read_reservation

STEP = "audit"
PAGE_MAX = 100
PAGES_MAX = 10_000
AT_ONCE_MAX = 64


async def read_all_again(buyers: Mapping[int, Buyer], purchases: Sequence[Purchase]) -> None:
    """Bring the ledger up to what the system says now. Raises OutOfTime, Unforeseen."""
    slots = asyncio.Semaphore(AT_ONCE_MAX)

    async def read(purchase: Purchase) -> None:
        buyer = buyers[purchase.buyer]
        async with slots:
            await read_reservation(buyer, purchase, step=STEP)
            await read_charges(buyer, purchase, step=STEP)
            await fetch_tickets(buyer, purchase, step=STEP)

    async with asyncio.TaskGroup() as tasks:
        for purchase in purchases:
            tasks.create_task(read(purchase))


async def read_books(caller: Caller, admin: Account, event_id: str) -> dict[str, str]:
    """Reservation id → status of the whole event, as the admin reads it page by page."""
    books: dict[str, str] = {}
    cursor = ""
    for _ in range(PAGES_MAX):
        path = f"/admin/reservations?event_id={event_id}&limit={PAGE_MAX}{cursor}"
        page = (await caller.call("admin", "GET", path, account=admin)).json()
        books |= {item["id"]: item["status"] for item in page["items"]}
        if page["next_cursor"] is None:
            return books
        cursor = f"&cursor={quote(page['next_cursor'])}"
    raise AssertionError("the list of reservations does not end")


async def read_invariants(caller: Caller, admin: Account) -> Mapping[str, int]:
    """Every invariant that the system checks itself, with its count of violations."""
    answer = await caller.call("admin", "GET", "/admin/health/invariants", account=admin)
    return {entry["name"]: entry["violations"] for entry in answer.json()["invariants"]}
