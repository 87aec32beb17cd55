"""Orders as buyers send them, and what became of the places."""

from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from tests.support.client import Client
from tiketi.infra.runtime import Runtime
from tiketi.kernel.ids import new_id


async def order(
    client: Client, event_id: str, *, token: str | None = None, **body: Any
) -> httpx.Response:
    """POST /reservations by somebody, a newcomer unless a token says who."""
    return await _send(client, "/reservations", event_id, token, body)


async def order_best(
    client: Client, event_id: str, *, token: str | None = None, **body: Any
) -> httpx.Response:
    """The same of the best seats there are."""
    return await _send(client, "/reservations/best-available", event_id, token, body)


async def cancel(client: Client, answer: httpx.Response, token: str) -> None:
    path = f"/reservations/{answer.json()['id']}/cancel"
    assert (await client.post(path, token=token)).status_code == 200


def outcome(answer: httpx.Response) -> str:
    """``held``, or the refusal's code."""
    return "held" if answer.status_code == 201 else str(answer.json()["code"])


async def states(runtime: Runtime, event_id: str) -> str:
    """One character a seat, as PostgreSQL has it."""
    async with runtime.database.latest() as reader:
        rows = await reader.execute(
            text("""
                SELECT coalesce(string_agg(state::text, '' ORDER BY seat_index), '')
                FROM seats.seat WHERE event_id = :event_id"""),
            {"event_id": UUID(event_id)},
        )
        return str(rows.scalar_one())


async def _send(
    client: Client, path: str, event_id: str, token: str | None, body: dict[str, Any]
) -> httpx.Response:
    return await client.post(
        path,
        {"event_id": event_id, **body},
        token=token or client.token(),
        headers={"Idempotency-Key": str(new_id())},
    )
