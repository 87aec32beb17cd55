"""Posts to one URL: a few senders, each posting one after another until nothing is left."""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import httpx


@dataclass(frozen=True, slots=True)
class Post:
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """``reason``: the status that was answered, or why there was none."""

    arrived: bool
    reason: str


async def post_all(
    url: str,
    posts: Sequence[Post],
    *,
    senders_max: int,
    post_seconds_max: float,
    begin_seconds_max: float,
) -> list[Outcome | None]:
    """What came of each; None where it was not tried.

    None is begun after ``begin_seconds_max``, nor by a sender that has lost one: a target that does
    not answer is left alone. Redirects are answers, and not followed.
    """
    outcomes: list[Outcome | None] = [None] * len(posts)
    waiting = deque(enumerate(posts))
    begin_before = asyncio.get_running_loop().time() + begin_seconds_max
    async with (
        httpx.AsyncClient(timeout=post_seconds_max, verify=_trust()) as http,
        asyncio.TaskGroup() as senders,
    ):
        for _ in range(min(senders_max, len(posts))):
            senders.create_task(_post_on(http, url, waiting, outcomes, begin_before))
    return outcomes


async def _post_on(
    http: httpx.AsyncClient,
    url: str,
    waiting: deque[tuple[int, Post]],
    outcomes: list[Outcome | None],
    begin_before: float,
) -> None:
    loop = asyncio.get_running_loop()
    while waiting and loop.time() < begin_before:
        number, post = waiting.popleft()
        try:
            answer = await http.post(url, content=post.body, headers=dict(post.headers))
        except httpx.HTTPError as error:
            outcomes[number] = Outcome(arrived=False, reason=repr(error))
            return
        outcomes[number] = Outcome(arrived=answer.is_success, reason=str(answer.status_code))


@cache
def _trust() -> ssl.SSLContext:
    """The trusted certificates, read once: httpx would read them for every client."""
    return ssl.create_default_context()
