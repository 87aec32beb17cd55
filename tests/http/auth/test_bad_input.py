"""Whatever a client sends, it gets an answer that is no 500."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.auth.test_refusals import BODIES, WITH_BODY

_QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
_ANSWERS = {200, 201, 204, 400, 401, 409, 422}


@_QUICK
@given(call=st.sampled_from(WITH_BODY), content=st.binary(max_size=400))
async def test_bytes_of_any_kind_are_answered(client, call, content):
    method, path = call
    answer = await client.call(
        method, path, content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 401, 422}


@_QUICK
@given(call=st.sampled_from(WITH_BODY), data=st.data())
async def test_fields_of_any_kind_are_answered(client, call, data):
    method, path = call
    field = data.draw(st.sampled_from(sorted(BODIES[path])))
    body = {**BODIES[path], field: data.draw(_VALUES)}
    answer = await client.call(
        method, path, content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in _ANSWERS
    if answer.status_code >= 400:
        assert answer.json()["code"]


@_QUICK
@given(token=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=200))
async def test_authorization_of_any_kind_is_answered(client, token):
    for value in (token, f"Bearer {token}", f"bearer  {token}"):
        answer = await client.get("/auth/me", headers={"Authorization": value.encode("latin-1")})
        assert answer.status_code == 401
