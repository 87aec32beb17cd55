"""Whatever a stranger sends to whatever route: a typed refusal, and nothing written."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.support.client import API
from tests.support.on_sale import open_sale
from tiketi.infra.http.routes import Endpoint
from tiketi.kernel.ids import new_id
from tiketi.services.app import endpoints_of
from tiketi.services.registry import EDGE

# A stream that is accepted has no end: tests/integration/live asks for it over real connections.
ENDPOINTS = [each for each in endpoints_of(EDGE) if each.answer != "text/event-stream"]
EXAMPLES = 20

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "a\x00b",
            "'; DROP TABLE x; --",
            "%00",
            "../..",
            "\U0001d54f" * 300,
            "-1",
            "null",
        ]
    ),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**63, -(2**63) - 1, 10**30, 1e308, 1.5]),
    TEXTS,
    st.builds(str, st.builds(new_id)),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
RAW = st.sampled_from(
    [
        b"",
        b"{",
        b"nul",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'"\\ud800"',
        b'{"\\ud800": "\\udfff"}',
        b"[" * 5_000,
        b"1" * 5_000,
        b'{"x": "' + b"a" * 66_000 + b'"}',
    ]
)
# Stands for the id of an event that is on sale.
REAL = "REAL"
PATH_TEXTS = st.sampled_from(
    ["x", "%00", "%F0%9F%98%80", "0", "-1", "a" * 300, "00000000-0000-0000-0000-000000000000"]
)


def bodies(endpoint: Endpoint) -> st.SearchStrategy[bytes]:
    """Fields of the right names with wrong values, other JSON, and what is not JSON at all."""
    names = list(endpoint.body.model_fields) if endpoint.body is not None else ["a"]
    shaped = st.dictionaries(st.sampled_from([*names, "surplus"]), VALUES, max_size=len(names) + 1)
    return st.one_of(RAW, st.one_of(shaped, VALUES).map(lambda value: json.dumps(value).encode()))


def paths(endpoint: Endpoint) -> st.SearchStrategy[str]:
    values = st.one_of(st.just(REAL), PATH_TEXTS, st.builds(str, st.builds(new_id)))

    @st.composite
    def filled(draw) -> str:
        parts = [
            draw(values) if part.startswith("{") else part for part in endpoint.path.split("/")
        ]
        return API + "/".join(parts)

    return filled()


async def row_counts(runtime) -> dict[str, int]:
    """Rows a table; answers to idempotency keys are records of refusals and may grow."""
    async with runtime.database.latest() as reader:
        names = (
            await reader.execute(
                text("""
                    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                    WHERE schemaname NOT IN ('public', 'pg_catalog', 'information_schema')
                        AND tablename <> 'idempotency_key'""")
            )
        ).scalars()
        counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
        return {row[0]: row[1] for row in await reader.execute(text(counts))}


def idents(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=idents)
async def test_no_route_breaks_on_bad_input(endpoint, client, runtime):
    admin = client.token(role="admin")
    event = await open_sale(runtime)
    before = await row_counts(runtime)

    async def send(path: str, body: bytes, query: dict[str, str], token: str | None) -> None:
        nonlocal before
        path = path.replace(REAL, str(event.id))
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(new_id())}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        answer = await client.http.request(
            endpoint.method, path, content=body, params=query, headers=headers
        )
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            problem: dict[str, Any] = answer.json()
            assert problem["status"] == answer.status_code
            assert {"type", "title", "detail", "code", "request_id"} <= set(problem)
            assert await row_counts(runtime) == before
        else:
            before = await row_counts(runtime)

    assert await drive(endpoint, send, [None, client.token(), admin, admin]) >= EXAMPLES // 2


async def drive(endpoint: Endpoint, send, tokens: list[str | None]) -> int:
    """Collect the examples first: hypothesis draws them outside the running loop's reach."""
    drawn: list[tuple[str, bytes, dict[str, str], str | None]] = []
    queries = st.dictionaries(
        st.sampled_from(["limit", "cursor", "status", "q", "from", "to", "sort", "event_id"]),
        st.sampled_from(["", "-1", "x", "9" * 30, "a\x00", "2026-13-01", "WzFd", "%"]),
        max_size=2,
    )

    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(paths(endpoint), bodies(endpoint), queries, st.sampled_from(tokens))
    def collect(path: str, body: bytes, query: dict[str, str], token: str | None) -> None:
        drawn.append((path, body, query, token))

    collect()
    for example in drawn:
        await send(*example)
    return len(drawn)
