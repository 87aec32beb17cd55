"""Buyers over HTTP: each joins, locks a seat, reserves, pays, and takes the ticket."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from tiketi.kernel.ids import new_id_text

CARD = {"card": {"number": "4242424242424242"}}
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "


class Refused(RuntimeError):
    """An answer that no buyer of a quiet sale should get."""


class Connection(asyncio.Protocol):
    """One kept-alive connection, one request at a time."""

    def __init__(self, *, host: str = "x", scheme: str = "Bearer") -> None:
        self._host, self._scheme = host, scheme
        self._received = b""
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.Transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("closed without an answer"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_HEAD_END)
        if end < 0 or self._answer is None:
            return
        at = self._received[: end + 2].lower().find(_LENGTH)
        length = 0 if at < 0 else int(self._received[at + len(_LENGTH) :].split(b"\r", 1)[0])
        if len(self._received) >= end + len(_HEAD_END) + length:
            answer, self._received = self._received, b""
            self._answer.set_result(answer)

    def close(self) -> None:
        self._transport.close()

    async def call(
        self, method: str, path: str, token: str, body: object = None, **headers: str
    ) -> Any:
        """The answer's document. Raises Refused for anything but 2xx."""
        content = b"" if body is None else orjson.dumps(body)
        lines = [f"{method} /api/v1{path} HTTP/1.1", f"host: {self._host}"]
        lines += [f"authorization: {self._scheme} {token}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines += ["content-type: application/json", f"content-length: {len(content)}"]
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write("\r\n".join(lines).encode() + _HEAD_END + content)
        head, _, answered = (await self._answer).partition(_HEAD_END)
        if head[9:10] != b"2":
            raise Refused(f"{method} {path}: {(head + _HEAD_END + answered)[:600]!r}")
        return orjson.loads(answered)


@dataclass
class Sale:
    """What is sold, by whom it is asked for, and where. ``ports`` by service."""

    event_id: UUID
    ports: Mapping[str, int]
    seat_ids: Iterator[str]
    tokens: Iterator[str]
    seconds: list[float] = field(default_factory=list)  # of each whole order


async def buy_for(sale: Sale, buyers: int, seconds: float) -> float:
    """So many buyers at once for so long; until the last of them had their ticket."""
    started = time.perf_counter()
    await asyncio.gather(*(_buy_on(sale, started + seconds) for _ in range(buyers)))
    return time.perf_counter() - started


async def _buy_on(sale: Sale, until: float) -> None:
    loop = asyncio.get_running_loop()
    services = {}
    for name, port in sale.ports.items():
        _, services[name] = await loop.create_connection(Connection, "127.0.0.1", port)
    while time.perf_counter() < until:
        started = time.perf_counter()
        await _buy(sale.event_id, next(sale.seat_ids), next(sale.tokens), services)
        sale.seconds.append(time.perf_counter() - started)
    for connection in services.values():
        connection.close()


async def _buy(
    event_id: UUID, seat_id: str, token: str, services: Mapping[str, Connection]
) -> None:
    queue, seats, payments = (services[name] for name in ("queue", "reservation", "payment"))
    standing = await queue.call("POST", f"/queue/{event_id}/join", token)
    queue_pass = standing.get("pass")
    if queue_pass is None:
        raise Refused(f"nobody is before them, and yet: {standing}")
    order = {"event_id": event_id, "seat_ids": [seat_id]}
    await seats.call("POST", "/reservations/locks", token, order, queue_pass=queue_pass)
    reservation = await seats.call(
        *("POST", "/reservations", token, order),
        queue_pass=queue_pass,
        idempotency_key=new_id_text(),
    )
    payment = await payments.call(
        *("POST", "/payments", token, {"reservation_id": reservation["id"]}),
        idempotency_key=new_id_text(),
    )
    paid = await payments.call("POST", f"/payments/{payment['id']}/confirm", token, CARD)
    if paid["status"] != "succeeded":
        raise Refused(f"not paid: {paid}")
    tickets = await seats.call("GET", f"/reservations/{reservation['id']}/tickets", token)
    if len(tickets["items"]) != 1:
        raise Refused(f"no ticket: {tickets}")
