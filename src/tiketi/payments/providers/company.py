"""The HTTP interface of a payment company: what was answered, told from what nobody knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

# Our key was refused, or the company asks for another try: nothing is known of the charge.
_UNDECIDED = frozenset({401, 408, 409, 425, 429})
_SERVER_FAULT = 500


class CompanyFault(Exception):
    """Not an answer about the charge: a fault of the company, or of our account with it."""


@dataclass(frozen=True, slots=True)
class CompanyAnswer:
    status: int
    body: Mapping[str, Any]

    @property
    def is_success(self) -> bool:
        return httpx.codes.is_success(self.status)


class Company:
    """Requests by HTTP Basic with the secret key as the user, as both companies want it."""

    def __init__(self, base_url: str, secret_key: str, *, timeout_seconds: float) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, auth=httpx.BasicAuth(secret_key, ""), timeout=timeout_seconds
        )

    async def get(self, path: str) -> CompanyAnswer:
        return _answer(await self._http.get(path))

    async def post(
        self,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        idempotency_key: str,
    ) -> CompanyAnswer:
        headers = {"idempotency-key": idempotency_key}
        sent = await self._http.post(
            path,
            json=None if json is None else dict(json),
            data=None if form is None else dict(form),
            headers=headers,
        )
        return _answer(sent)

    async def aclose(self) -> None:
        await self._http.aclose()


def _answer(response: httpx.Response) -> CompanyAnswer:
    if response.status_code in _UNDECIDED or response.status_code >= _SERVER_FAULT:
        raise CompanyFault(f"{response.request.url.path} answered {response.status_code}")
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError as error:
        raise CompanyFault(f"{response.request.url.path} answered no JSON") from error
    if not isinstance(body, dict):
        raise CompanyFault(f"{response.request.url.path} answered no object")
    return CompanyAnswer(response.status_code, body)
