"""A small shop that speaks the part of the HTTP contract the simulator uses, on a real socket.

It stands in for the system only to try the *client*: every flaw in ``flaws`` is one that the
simulator must notice. What the system itself does is tried by the chaos tests, on the real one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

EVENT = "0198c0de-0000-7000-8000-000000000001"
PRICE = 1000


class Refusal(Exception):
    def __init__(self, status: int, code: str, **fields: Any) -> None:
        self.status, self.code, self.fields = status, code, fields


class Shop:
    """``seats`` seat → [state, reservation id]; ``people`` token → queue state."""

    def __init__(self, flaws: frozenset[str] = frozenset()) -> None:
        self.flaws = flaws
        self.ids = count(1)
        self.seats: dict[str, list[str]] = {}
        self.locks: dict[str, str] = {}
        self.people: dict[str, str] = {}
        self.numbers: dict[str, int] = {}
        self.reservations: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.replays: dict[tuple[str, str], tuple[bytes, Response]] = {}
        self.queue: dict[str, Any] = {}
        self.limits: dict[str, int] = {}
        self.version = 0

    def routes(self) -> list[Route]:
        table = {
            ("POST", "/auth/register"): self.register,
            ("POST", "/auth/login"): self.register,
            ("POST", "/auth/refresh"): self.register,
            ("POST", "/admin/layouts"): self.make_layout,
            ("POST", "/admin/events"): self.make_event,
            ("PUT", f"/admin/events/{EVENT}/queue"): self.set_queue,
            ("POST", f"/admin/events/{EVENT}/publish"): self.nothing,
            ("GET", "/admin/reservations"): self.books,
            ("GET", "/admin/health/invariants"): self.invariants,
            ("GET", f"/events/{EVENT}"): self.event,
            ("GET", f"/events/{EVENT}/seats"): self.seat_map,
            ("GET", f"/events/{EVENT}/availability"): self.availability,
            ("POST", f"/queue/{EVENT}/join"): self.join,
            ("GET", f"/queue/{EVENT}/status"): self.status,
            ("POST", f"/queue/{EVENT}/leave"): self.leave,
            ("GET", f"/queue/{EVENT}/board"): self.board,
            ("POST", "/reservations/locks"): self.lock,
            ("PUT", "/reservations/locks/{id}"): self.nothing,
            ("POST", "/reservations"): self.reserve,
            ("POST", "/reservations/best-available"): self.reserve_best,
            ("GET", "/reservations/{id}"): self.reservation,
            ("POST", "/reservations/{id}/cancel"): self.cancel,
            ("GET", "/reservations/{id}/tickets"): self.tickets,
            ("POST", "/payments"): self.pay,
            ("POST", "/payments/{id}/confirm"): self.confirm,
            ("GET", "/payments/{id}"): self.payment,
        }
        return [Route("/health", lambda _: JSONResponse({}))] + [
            Route(f"/api/v1{path}", _answered(endpoint), methods=[method])
            for (method, path), endpoint in table.items()
        ]

    async def register(self, _: Request) -> Any:
        token = f"person-{next(self.ids)}"
        return {"access_token": token, "refresh_token": token}

    async def nothing(self, _: Request) -> Any:
        return {}

    async def make_layout(self, request: Request) -> Any:
        for section in (await request.json())["sections"]:
            for row in range(section["rows"]):
                for seat in range(section["seats_per_row"]):
                    self.seats[f"{section['name']}-{row + 1}-{seat + 1}"] = ["a", ""]
        return {"id": "layout"}

    async def make_event(self, request: Request) -> Any:
        self.limits = (await request.json())["limits"]
        return {"id": EVENT}

    async def set_queue(self, request: Request) -> Any:
        self.queue = await request.json()
        return self.queue

    async def books(self, _: Request) -> Any:
        items = [{"id": r["id"], "status": r["status"]} for r in self.reservations.values()]
        return {"items": items, "next_cursor": None}

    async def invariants(self, _: Request) -> Any:
        return {"ok": True, "invariants": [{"name": "seats", "violations": 0}]}

    async def event(self, _: Request) -> Any:
        tiers = [{"id": s, "name": s, "price": PRICE} for s in self._sections()]
        return {"id": EVENT, "currency": "KRW", "tiers": tiers}

    async def seat_map(self, _: Request) -> Any:
        sections = [
            {"id": s, "tier_id": s, "rows": [{"seats": [{"id": seat} for seat in seats]}]}
            for s, seats in self._sections().items()
        ]
        return {"sections": sections}

    async def availability(self, _: Request) -> Any:
        self.version += 1
        sections = {
            name: "".join("h" if s in self.locks else self.seats[s][0] for s in seats)
            for name, seats in self._sections().items()
        }
        return {"version": self.version, "sections": sections}

    async def join(self, request: Request) -> Any:
        who = _who(request)
        self.people.setdefault(who, "waiting")
        self.numbers.setdefault(who, 1 if "same number" in self.flaws else next(self.ids))
        return self._standing(who)

    async def status(self, request: Request) -> Any:
        return self._standing(request.headers["queue-receipt"])

    async def leave(self, request: Request) -> Any:
        self.people.pop(_who(request), None)
        return Response(status_code=204)

    async def board(self, _: Request) -> Any:
        admitted = list(self.people.values()).count("admitted")
        return {"epoch": 1, "admitted": admitted, "capacity": self.queue["capacity"]}

    async def lock(self, request: Request) -> Any:
        self._admitted(request)
        seats = (await request.json())["seat_ids"]
        self._must_be_free(seats, _who(request))
        self.locks.update(dict.fromkeys(seats, _who(request)))
        asyncio.get_running_loop().call_later(2, self._unlock, seats, _who(request))
        return {"lock_id": "lock"}

    async def reserve(self, request: Request) -> Any:
        self._admitted(request)
        body = await request.json()
        if "server error" in self.flaws and next(self.ids) % 20 == 0:
            raise Refusal(500, "broken")
        mine = [r for r in self.reservations.values() if r["user_id"] == _who(request)]
        active = [i for r in mine if r["status"] in ("pending", "confirmed") for i in r["items"]]
        if len(active) + len(body["seat_ids"]) > self.limits["seats_per_user"]:
            raise Refusal(409, "limit_exceeded")
        if "double sale" not in self.flaws:
            self._must_be_free(body["seat_ids"], _who(request))
        made = self._reserve(_who(request), body["seat_ids"])
        self._unlock(body["seat_ids"], _who(request))
        return made

    async def reserve_best(self, request: Request) -> Any:
        self._admitted(request)
        quantity = (await request.json())["quantity"]
        free = [s for s, (state, _) in self.seats.items() if state == "a" and s not in self.locks]
        if len(free) < quantity:
            raise Refusal(409, "no_seats_together")
        return self._reserve(_who(request), free[:quantity])

    async def reservation(self, request: Request) -> Any:
        return self._owned(request)

    async def cancel(self, request: Request) -> Any:
        reservation = self._owned(request)
        reservation["status"] = "refunded" if reservation["status"] == "confirmed" else "cancelled"
        for payment in self.payments.values():
            if payment["reservation_id"] == reservation["id"] and "keeps" not in self.flaws:
                payment["status"] = "refunded"
        self._paint(reservation, "a")
        return reservation

    async def tickets(self, request: Request) -> Any:
        reservation = self._owned(request)
        if reservation["status"] not in ("confirmed", "refunded"):
            raise Refusal(409, "not_confirmed")
        status = "valid" if reservation["status"] == "confirmed" else "void"
        fields = {"status": status, "tier_id": None}
        items = [
            {**fields, "seat_id": i["seat_id"], "tier_id": i["tier_id"], "code": str(key)}
            for key, i in enumerate(reservation["items"], start=1000 * reservation["serial"])
        ]
        return {"items": items}

    async def pay(self, request: Request) -> Any:
        reservation = self._owned(request, (await request.json())["reservation_id"])
        for payment in self.payments.values():
            live = payment["status"] not in ("failed", "cancelled")
            if payment["reservation_id"] == reservation["id"] and live:
                return payment
        payment = {
            "id": f"payment-{next(self.ids)}",
            "reservation_id": reservation["id"],
            "status": "requires_action",
            "amount": reservation["amount"] + (1 if "wrong amount" in self.flaws else 0),
        }
        self.payments[payment["id"]] = payment
        return payment

    async def confirm(self, request: Request) -> Any:
        payment = self.payments[request.path_params["id"]]
        number = (await request.json())["card"]["number"]
        if number in ("4000000000000002", "4000000000009995"):
            payment["status"] = "failed"
            return payment
        reservation = self.reservations[payment["reservation_id"]]
        payment["status"] = "succeeded"
        reservation["status"] = "confirmed"
        self._paint(reservation, "s")
        self.people.pop(reservation["user_id"], None)
        return payment

    async def payment(self, request: Request) -> Any:
        return self.payments[request.path_params["id"]]

    def _sections(self) -> dict[str, list[str]]:
        sections: dict[str, list[str]] = {}
        for seat in self.seats:
            sections.setdefault(seat.split("-")[0], []).append(seat)
        return sections

    def _standing(self, who: str) -> dict[str, Any]:
        if who not in self.people:
            raise Refusal(404, "not_in_queue")
        inside = list(self.people.values()).count("admitted")
        capacity = self.queue["capacity"] * (3 if "overfull" in self.flaws else 1)
        if self.people[who] == "waiting" and inside < capacity:
            self.people[who] = "admitted"
        standing = {"state": self.people[who], "number": self.numbers[who], "position": 1}
        standing |= {"receipt": who, "poll_after_seconds": 0.2}
        return standing | ({"pass": who} if self.people[who] == "admitted" else {})

    def _admitted(self, request: Request) -> None:
        if "no door" not in self.flaws and request.headers.get("queue-pass") != _who(request):
            raise Refusal(403, "queue_pass_required")

    def _must_be_free(self, seats: list[str], who: str) -> None:
        taken = [s for s in seats if self.seats[s][0] != "a" or self.locks.get(s, who) != who]
        if taken:
            raise Refusal(409, "seat_taken", seat_ids=taken)

    def _unlock(self, seats: list[str], who: str) -> None:
        for seat in seats:
            if self.locks.get(seat) == who:
                del self.locks[seat]

    def _reserve(self, who: str, seats: list[str]) -> dict[str, Any]:
        serial = next(self.ids)
        items = [
            {"seat_id": s, "tier_id": s.split("-")[0], "unit_price": PRICE, "quantity": 1}
            for s in seats
        ]
        reservation = {"id": f"reservation-{serial}", "serial": serial, "user_id": who}
        reservation |= {"status": "pending", "items": items, "amount": PRICE * len(items)}
        self.reservations[reservation["id"]] = reservation
        self._paint(reservation, "h")
        return reservation

    def _paint(self, reservation: dict[str, Any], state: str) -> None:
        for item in reservation["items"]:
            self.seats[item["seat_id"]] = [state, reservation["id"]]

    def _owned(self, request: Request, key: str = "") -> dict[str, Any]:
        reservation = self.reservations.get(key or request.path_params["id"])
        if reservation is None or reservation["user_id"] != _who(request):
            raise Refusal(404, "not_found")
        return reservation

    def replay(self, request: Request, body: bytes) -> Response | None:
        """The first answer of the key, for the same body."""
        known = self.replays.get((_who(request), request.headers.get("idempotency-key", "")))
        if known is None or "no replay" in self.flaws:
            return None
        if known[0] != body:
            raise Refusal(422, "idempotency_key_reused")
        first = known[1]
        headers = {"idempotent-replayed": "true"}
        return Response(first.body, first.status_code, headers, first.media_type)


def _who(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _problem(refusal: Refusal, *, typed: bool) -> Response:
    document = {"type": "about:blank", "title": "t", "status": refusal.status, "detail": "d"}
    document |= {"code": refusal.code, "request_id": "r", **refusal.fields}
    media_type = "application/problem+json" if typed else "text/plain"
    return JSONResponse(document, refusal.status, media_type=media_type)


def _answered(endpoint: Any) -> Any:
    shop: Shop = endpoint.__self__

    async def answer(request: Request) -> Response:
        key = request.headers.get("idempotency-key")
        body = await request.body()
        response: Response
        try:
            found = shop.replay(request, body) if key else None
            found = await endpoint(request) if found is None else found
            response = found if isinstance(found, Response) else JSONResponse(found)
        except Refusal as refusal:
            response = _problem(refusal, typed="untyped" not in shop.flaws)
            kept = refusal.status in (404, 409)
        else:
            kept = True
        if key and kept:
            shop.replays.setdefault((_who(request), key), (body, response))
        return response

    return answer


@asynccontextmanager
async def open_shop(*flaws: str) -> AsyncIterator[str]:
    """The URL of a fresh shop on a free port."""
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    sockets = config.create_sockets()
    port = sockets.insecure_sockets[0].getsockname()[1]
    config.create_sockets = lambda: sockets  # type: ignore[method-assign] # bound already
    stop = asyncio.Event()
    app = Starlette(routes=Shop(frozenset(flaws)).routes())
    server = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        await server
