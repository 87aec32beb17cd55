"""One simulation from the first account to the closing report."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from rich.console import Console

from tiketi.cli.simulate.accounts import Door
from tiketi.cli.simulate.audit import read_all_again, read_books, read_invariants
from tiketi.cli.simulate.buyer import Buyer, Loot, World
from tiketi.cli.simulate.calls import Account, Caller, OutOfTime, Unforeseen
from tiketi.cli.simulate.checks import Final
from tiketi.cli.simulate.client import Client
from tiketi.cli.simulate.faults import Kill, kill_on_the_way
from tiketi.cli.simulate.house import SOLD
from tiketi.cli.simulate.journey import OUT_OF_TIME, SOLD_OUT, go_through
from tiketi.cli.simulate.ledger import Ledger
from tiketi.cli.simulate.on_sale import OnSale, put_on_sale
from tiketi.cli.simulate.plan import Plan
from tiketi.cli.simulate.progress import Progress
from tiketi.cli.simulate.report import Report
from tiketi.cli.simulate.stats import Stats
from tiketi.cli.simulate.temper import draw_temper
from tiketi.cli.simulate.watch import Watch
from tiketi.kernel.clock import Clock

# For reading everything once more, whatever the sale itself took.
AUDIT_SECONDS_MAX = 180.0
WATCH_CONNECTIONS = 2
TOO_LATE = "sold out before they had signed in"
NEVER_SIGNED_IN = "could not sign in"
# For what availability and its copies may lag behind.
SETTLE_INTERVALS = 2.5


@dataclass(frozen=True, slots=True)
class Simulation:
    """``door`` signs people in; ``pids_of`` finds the processes to kill of a local system."""

    plan: Plan
    client: Client
    door: Door
    clock: Clock
    console: Console
    pids_of: Callable[[str], Sequence[int]]

    async def run(self) -> Report:
        """Raises OutOfTime or Unforeseen when the sale cannot even be put on."""
        stats = Stats(self.clock.monotonic())
        caller = self._caller(stats)
        admin = await self.door.admin(caller)
        # The sale opens by the clock, so everybody is signed in before.
        known = max(0, self.plan.buyers - self.plan.sign_in_over_http)
        accounts = await self.door.prepare(caller, known)
        on_sale = await put_on_sale(caller, admin, self.plan, self.clock.now())
        stats.started = self.clock.monotonic()
        caller.deadline = stats.started + self.plan.timeout_seconds
        world = self._world(on_sale, caller, stats)
        kills: list[Kill] = []
        try:
            buyers = await self._hold_sale(world, accounts, kills)
            took_seconds = self.clock.monotonic() - stats.started
            final = await self._read_again(world, admin, buyers)
        finally:
            world.watch.caller.client.close()
        invariants = await read_invariants(caller, admin)
        return Report.of(
            world, final, took_seconds=took_seconds, kills=tuple(kills), invariants=invariants
        )

    def _caller(self, stats: Stats) -> Caller:
        deadline = stats.started + self.plan.timeout_seconds
        rng = random.Random(self.plan.seed)  # noqa: S311 # jitter, no secret
        return Caller(self.client, stats, self.clock, deadline, rng)

    def _world(self, on_sale: OnSale, caller: Caller, stats: Stats) -> World:
        ledger = Ledger()
        # The CDN asks beside the crowd, it does not stand in its line for a connection.
        watching = replace(caller, client=self.client.beside(WATCH_CONNECTIONS))
        return World(
            plan=self.plan,
            house=on_sale.house,
            caller=caller,
            watch=Watch(
                watching, on_sale.house, ledger, on_sale.snapshot, self.plan.look_interval_seconds
            ),
            ledger=ledger,
            stats=stats,
            clock=self.clock,
            loot=Loot(),
        )

    async def _hold_sale(
        self, world: World, accounts: Sequence[Account], kills: list[Kill]
    ) -> list[Buyer]:
        """The sale; watching, showing and killing go on meanwhile, and end with it."""
        seats = len(world.house.seats)
        async with asyncio.TaskGroup() as background:
            tasks = [
                background.create_task(world.watch.run(queue=self.plan.queue)),
                background.create_task(Progress(world, self.console).run()),
                background.create_task(
                    kill_on_the_way(
                        self.plan.kill,
                        caller=world.caller,
                        sold_share=lambda: world.watch.snapshot.count(SOLD) / seats,
                        pids_of=self.pids_of,
                        kills=kills,
                    )
                ),
            ]
            buyers = await self._let_everybody_in(world, accounts)
            for task in tasks:
                task.cancel()
        return buyers

    async def _let_everybody_in(self, world: World, accounts: Sequence[Account]) -> list[Buyer]:
        """Every buyer's journey, side by side; the buyers in their order."""
        buyers: dict[int, Buyer] = {}

        async def journey(index: int, sign_in: Callable[[], Awaitable[Account]]) -> None:
            rng = random.Random(f"{self.plan.seed}/{index}")  # noqa: S311 # a repeatable crowd
            account = await self._arrive(world, sign_in, rng)
            if account is not None:
                temper = draw_temper(index, self.plan, rng)
                buyers[index] = Buyer(index, account, temper, world, rng)
                await go_through(buyers[index])

        async with asyncio.TaskGroup() as tasks:
            for index, account in enumerate(accounts):
                tasks.create_task(journey(index, _already(account)))
            for index in range(len(accounts), self.plan.buyers):
                tasks.create_task(journey(index, lambda: self.door.sign_in(world.caller)))
        return [buyers[index] for index in sorted(buyers)]

    async def _arrive(
        self, world: World, sign_in: Callable[[], Awaitable[Account]], rng: random.Random
    ) -> Account | None:
        """Sign in and come; None, with the outcome noted, for whoever does not get that far."""
        window_seconds = self.plan.opens_in_seconds + self.plan.arrivals_after_seconds
        world.stats.stages["arriving"] += 1
        signing_in = asyncio.ensure_future(sign_in())
        sold_out = asyncio.ensure_future(world.watch.exhausted.wait())
        try:
            await asyncio.wait({signing_in, sold_out}, return_when=asyncio.FIRST_COMPLETED)
            if not signing_in.done():
                world.ledger.outcomes[TOO_LATE] += 1
                return None
            account = signing_in.result()
            await world.caller.sleep(rng.uniform(0, window_seconds))
        except (OutOfTime, Unforeseen):
            world.ledger.outcomes[NEVER_SIGNED_IN] += 1
            return None
        else:
            return account
        finally:
            signing_in.cancel()
            sold_out.cancel()
            world.stats.stages["arriving"] -= 1

    async def _read_again(self, world: World, admin: Account, buyers: Sequence[Buyer]) -> Final:
        """Bring the ledger up to date, and add what only the end shows."""
        deadline = self.clock.monotonic() + AUDIT_SECONDS_MAX
        world.caller.deadline = world.watch.caller.deadline = deadline
        await asyncio.sleep(SETTLE_INTERVALS * self.plan.look_interval_seconds)
        by_index = {buyer.index: buyer for buyer in buyers}
        await read_all_again(by_index, list(world.ledger.purchases.values()))
        await world.watch.read_availability()
        return Final(
            snapshot=world.watch.snapshot,
            seats_per_user=self.plan.seats_per_order,
            capacity=self.plan.capacity if self.plan.queue else None,
            sold_out_told=world.ledger.outcomes[SOLD_OUT],
            still_waiting=world.ledger.outcomes[OUT_OF_TIME],
            admin_reservations=await read_books(world.caller, admin, world.house.event_id),
        )


def _already(account: Account) -> Callable[[], Awaitable[Account]]:
    async def give() -> Account:
        return account

    return give
