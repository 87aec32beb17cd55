"""One person in the crowd, and the world they buy in."""

import asyncio
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from tiketi.cli.simulate.calls import Account, Caller
from tiketi.cli.simulate.house import House
from tiketi.cli.simulate.ledger import Ledger
from tiketi.cli.simulate.plan import Plan
from tiketi.cli.simulate.stats import Stats
from tiketi.cli.simulate.temper import Temper
from tiketi.cli.simulate.watch import Watch
from tiketi.cli.simulate.wire import Answer
from tiketi.kernel.clock import Clock

# A pass is taken for lost so long before its end: the clocks of two machines differ.
CLOCK_SKEW_SECONDS = 1.0


class PassLost(Exception):
    """The queue pass is no longer good: back to the line."""


@dataclass(slots=True)
class Loot:
    """What a liar can get hold of: somebody else's pass and reservation."""

    pass_: str = ""
    reservation_id: str = ""
    owner: int = -1

    def take(self, owner: int, pass_: str, reservation_id: str) -> None:
        self.owner, self.pass_, self.reservation_id = owner, pass_, reservation_id


@dataclass(frozen=True, slots=True)
class World:
    plan: Plan
    house: House
    caller: Caller
    watch: Watch
    ledger: Ledger
    stats: Stats
    clock: Clock
    loot: Loot


class Buyer:
    """``stage`` is where they are now, for the progress view; ``inside`` while admitted."""

    def __init__(
        self, index: int, account: Account, temper: Temper, world: World, rng: random.Random
    ) -> None:
        self.index = index
        self.account = account
        self.temper = temper
        self.world = world
        self.rng = rng
        self.receipt = ""
        self.pass_ = ""
        self.number: int | None = None
        self.position: int | None = None
        self.epoch: object = None
        self._stage = ""
        self._inside = False
        self._lapse: asyncio.TimerHandle | None = None

    @property
    def stage(self) -> str:
        return self._stage

    @stage.setter
    def stage(self, stage: str) -> None:
        if self._stage:
            self.world.stats.stages[self._stage] -= 1
        if stage:
            self.world.stats.stages[stage] += 1
        self._stage = stage

    def enter(self, pass_: str, expires_at: str | None) -> None:
        """Take the pass that admits to buying, until its end (RFC 3339) at the latest."""
        self.pass_ = pass_
        if not self.world.plan.queue or self._inside:
            return
        self._inside = True
        self.world.ledger.enter()
        if expires_at is not None:
            left = datetime.fromisoformat(expires_at) - self.world.clock.now()
            lapse_seconds = max(0.0, left.total_seconds() - CLOCK_SKEW_SECONDS)
            loop = asyncio.get_running_loop()
            self._lapse = loop.call_later(lapse_seconds, self.step_out)

    def step_out(self) -> None:
        """Count oneself out, before doing what frees the place."""
        if self._lapse is not None:
            self._lapse.cancel()
            self._lapse = None
        if self._inside:
            self._inside = False
            self.world.ledger.leave()

    async def call(
        self,
        step: str,
        method: str,
        path: str,
        *,
        json: object | None = None,
        key: str = "",
        headers: Mapping[str, str] | None = None,
        foreseen: Collection[str] = (),
    ) -> Answer:
        """A call as oneself, with the pass; raises PassLost when it is refused."""
        given = dict(headers or {})
        if self.pass_:
            given.setdefault("queue-pass", self.pass_)
        if key:
            given["idempotency-key"] = key
        answer = await self.world.caller.call(
            step,
            method,
            path,
            account=self.account,
            json=json,
            headers=given,
            foreseen={*foreseen, "queue_pass_required"},
        )
        if answer.code == "queue_pass_required" and "queue_pass_required" not in foreseen:
            self.step_out()
            raise PassLost
        return answer

    @staticmethod
    def new_key() -> str:
        return uuid4().hex
