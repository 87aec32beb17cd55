"""People who have accounts, over HTTP."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from tests.support.client import Client

PASSWORD = "correct horse battery"
WRONG = "incorrect horse battery"


@dataclass
class Person:
    email: str
    user: dict[str, Any]
    access_token: str
    refresh_token: str


class People:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._numbers = count(1)

    async def register(self, **fields: Any) -> Person:
        email = fields.pop("email", f"person{next(self._numbers)}@example.com")
        body = {"email": email, "password": PASSWORD, "name": "김하나", **fields}
        answer = await self._client.post("/auth/register", body)
        assert answer.status_code == 201, answer.text
        return _person(email, answer)

    async def log_in(self, email: str, password: str = PASSWORD) -> Person:
        answer = await self.try_password(email, password)
        assert answer.status_code == 200, answer.text
        return _person(email, answer)

    async def try_password(self, email: str, password: str) -> httpx.Response:
        return await self._client.post("/auth/login", {"email": email, "password": password})

    async def refresh(self, refresh_token: str) -> httpx.Response:
        return await self._client.post("/auth/refresh", {"refresh_token": refresh_token})


def _person(email: str, answer: httpx.Response) -> Person:
    told = answer.json()
    return Person(email, told["user"], told["access_token"], told["refresh_token"])


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem document."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["request_id"] == answer.headers["x-request-id"]
    return answer.status_code, document["code"]
