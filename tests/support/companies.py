"""Toss Payments and Stripe as their references describe them, for real requests over sockets."""

import hmac
from base64 import b64decode
from hashlib import sha256
from urllib.parse import parse_qsl

import orjson

from tests.support.receiver import Received

TOSS_SECRET = "test_sk_secret"
STRIPE_SECRET = "sk_test_secret"
STRIPE_WEBHOOK_SECRET = "whsec_stripe"


def is_signed_in(received: Received, secret: str) -> bool:
    given = received.headers.get("authorization", "")
    return given.startswith("Basic ") and b64decode(given[6:]) == f"{secret}:".encode()


class FakeCompany:
    """``faults`` are answers to give instead, in turn: ``(when, status, body)``."""

    secret = ""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.faults: list[tuple[str, int, object]] = []
        self._first_answers: dict[str, tuple[int, object]] = {}

    async def handle(self, received: Received) -> tuple[int, object]:
        self.received.append(received)
        if not is_signed_in(received, self.secret):
            return 401, {"code": "UNAUTHORIZED_KEY"}
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and fault[0] == "before":
            return fault[1:]
        key = received.headers.get("idempotency-key")
        assert key is not None or received.method == "GET"
        if key is not None and key in self._first_answers:
            return self._first_answers[key]
        answer = self.act(received)
        if key is not None:
            self._first_answers[key] = answer
        return fault[1:] if fault is not None else answer

    def act(self, received: Received) -> tuple[int, object]:
        raise AssertionError(received.path)

    def count(self, path: str) -> int:
        return sum(received.path.endswith(path) for received in self.received)


class FakeToss(FakeCompany):
    """A window whose buyer approves is ``approve``."""

    secret = TOSS_SECRET

    def __init__(self) -> None:
        super().__init__()
        self.payments: dict[str, dict] = {}

    def approve(self, order_id: str, amount: int) -> str:
        key = f"tk_{len(self.payments)}"
        self.payments[key] = {
            "paymentKey": key,
            "orderId": order_id,
            "status": "IN_PROGRESS",
            "totalAmount": amount,
            "balanceAmount": amount,
            "currency": "KRW",
            "failure": None,
            "lastTransactionKey": None,
        }
        return key

    def act(self, received: Received) -> tuple[int, object]:
        body = orjson.loads(received.body) if received.body else {}
        match received.path.split("/")[3:]:
            case ["confirm"]:
                return self._confirm(body)
            case ["orders", order_id]:
                found = [one for one in self.payments.values() if one["orderId"] == order_id]
                return (200, found[-1]) if found else (404, {"code": "NOT_FOUND_PAYMENT"})
            case [key, "cancel"]:
                return self._cancel(self.payments[key], body)
        raise AssertionError(received.path)

    def _confirm(self, body: dict) -> tuple[int, object]:
        payment = self.payments.get(body["paymentKey"])
        if payment is None or payment["orderId"] != body["orderId"]:
            return 404, {"code": "NOT_FOUND_PAYMENT_SESSION"}
        if payment["totalAmount"] != body["amount"]:
            return 400, {"code": "INVALID_REQUEST"}
        if payment["status"] != "IN_PROGRESS":
            return 400, {"code": "ALREADY_PROCESSED_PAYMENT"}
        payment["status"] = "DONE"
        return 200, payment

    def _cancel(self, payment: dict, body: dict) -> tuple[int, object]:
        if body["cancelAmount"] > payment["balanceAmount"]:
            return 403, {"code": "NOT_CANCELABLE_AMOUNT"}
        payment["balanceAmount"] -= body["cancelAmount"]
        payment["status"] = "PARTIAL_CANCELED" if payment["balanceAmount"] else "CANCELED"
        payment["lastTransactionKey"] = f"tx_{len(self.received)}"
        return 200, payment


class FakeStripe(FakeCompany):
    """A buyer at Stripe.js is ``pay`` or ``decline``."""

    secret = STRIPE_SECRET

    def __init__(self) -> None:
        super().__init__()
        self.intents: dict[str, dict] = {}
        self.refunded: dict[str, int] = {}

    def pay(self, intent_id: str) -> None:
        intent = self.intents[intent_id]
        intent.update(status="succeeded", amount_received=intent["amount"])

    def decline(self, intent_id: str) -> None:
        error = {"code": "card_declined", "decline_code": "insufficient_funds"}
        self.intents[intent_id]["last_payment_error"] = error

    def act(self, received: Received) -> tuple[int, object]:
        form = dict(parse_qsl(received.body.decode()))
        match received.path.split("/")[2:]:
            case ["payment_intents"]:
                return self._create(form)
            case ["payment_intents", intent_id]:
                return 200, self.intents[intent_id]
            case ["payment_intents", intent_id, "confirm"]:
                return self._confirm(self.intents[intent_id], form)
            case ["payment_intents", intent_id, "cancel"]:
                return self._cancel(self.intents[intent_id])
            case ["payment_methods", method]:
                return 200, {"id": method, "card": {"fingerprint": f"of {method}"}}
            case ["refunds"]:
                return self._refund(form)
        raise AssertionError(received.path)

    def _create(self, form: dict) -> tuple[int, object]:
        intent_id = f"pi_{len(self.intents)}"
        self.intents[intent_id] = {
            "id": intent_id,
            "amount": int(form["amount"]),
            "amount_received": 0,
            "currency": form["currency"],
            "status": "requires_payment_method",
            "client_secret": f"{intent_id}_secret_x",
            "metadata": {"payment_id": form["metadata[payment_id]"]},
            "next_action": None,
            "last_payment_error": None,
        }
        return 200, self.intents[intent_id]

    def _cancel(self, intent: dict) -> tuple[int, object]:
        if intent["status"] in ("succeeded", "canceled"):
            return 400, {"error": {"code": "payment_intent_unexpected_state"}}
        intent["status"] = "canceled"
        return 200, intent

    def _confirm(self, intent: dict, form: dict) -> tuple[int, object]:
        match form["payment_method"]:
            case "pm_card_visa":
                self.pay(intent["id"])
            case "pm_card_authenticationRequired":
                intent["status"] = "requires_action"
                intent["next_action"] = {"redirect_to_url": {"url": "https://bank.test/3ds"}}
            case _:
                self.decline(intent["id"])
                return 402, {"error": {"code": "card_declined"}}
        return 200, intent

    def _refund(self, form: dict) -> tuple[int, object]:
        intent = self.intents[form["payment_intent"]]
        sent = self.refunded.get(intent["id"], 0)
        if sent + int(form["amount"]) > intent["amount_received"]:
            return 400, {"error": {"code": "charge_already_refunded"}}
        self.refunded[intent["id"]] = sent + int(form["amount"])
        return 200, {"id": f"re_{len(self.received)}", "status": "succeeded"}


def sign_for_stripe(body: bytes, timestamp: int, secret: str = STRIPE_WEBHOOK_SECRET) -> str:
    signed = f"{timestamp}.".encode() + body
    return f"t={timestamp},v1={hmac.digest(secret.encode(), signed, sha256).hex()},v0=old"
