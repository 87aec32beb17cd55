"""`tiketi simulate`: a crowd goes through one on-sale of a running system."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer
import uvloop
from rich.console import Console

from tiketi.cli.environment import USAGE_ERROR, fail, load_settings
from tiketi.cli.simulate.accounts import Door, HttpDoor
from tiketi.cli.simulate.calls import OutOfTime, Unforeseen
from tiketi.cli.simulate.client import Client
from tiketi.cli.simulate.plan import Plan
from tiketi.cli.simulate.prepared import prepared_door
from tiketi.cli.simulate.printing import print_report
from tiketi.cli.simulate.report import Report
from tiketi.cli.simulate.simulation import Simulation
from tiketi.cli.simulate.target import Target, Unreachable, check_reachable, find_target
from tiketi.kernel.clock import SystemClock

BROKEN = 1
UNREACHABLE = 2
# In a file nothing has to be broken at the 80 columns that are assumed there.
LOG_COLUMNS = 120


class SignIn(StrEnum):
    """``prepared`` makes the accounts through the library, ``http`` as anybody does."""

    PREPARED = "prepared"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class _Errand:
    """What to do besides the plan: where to go, whom to be, where to write."""

    target: Target
    sign_in: SignIn
    admin_email: str
    admin_password: str | None
    json_file: Path | None


def simulate(  # every option of the command
    *,
    buyers: Annotated[int, typer.Option(min=1, max=100_000, help="People who come.")] = 2000,
    seats: Annotated[int, typer.Option(min=1, max=50_000, help="Seats on sale.")] = 500,
    capacity: Annotated[int, typer.Option(min=0, help="How many may be inside.")] = 300,
    rate: Annotated[int, typer.Option(min=0, help="Admissions a minute.")] = 60_000,
    queue: Annotated[bool, typer.Option(help="With a waiting room.")] = True,
    per_order: Annotated[int, typer.Option(min=1, max=10, help="Seats an order, a person.")] = 4,
    pass_ttl: Annotated[int, typer.Option(min=2, help="Seconds that a pass lives.")] = 120,
    opens_in: Annotated[float, typer.Option(min=0, help="Seconds until the sale opens.")] = 3.0,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds until it is given up.")] = 600.0,
    connections: Annotated[int, typer.Option(min=1, max=4096, help="To each service.")] = 64,
    let_expire: Annotated[int, typer.Option(min=0, help="Buyers whose hold lapses.")] = 0,
    honest: Annotated[bool, typer.Option("--honest", help="Nobody hesitates or lies.")] = False,
    seed: Annotated[int, typer.Option(help="The same crowd again.")] = 1,
    kill: Annotated[
        list[str] | None, typer.Option(help="kill -9 this process on the way; repeatable.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Unset: the system that runs here.")] = None,
    data: Annotated[Path | None, typer.Option(help="Where `tiketi up` keeps it.")] = None,
    sign_in: Annotated[
        SignIn | None, typer.Option(help="Unset: prepared where the system runs here.")
    ] = None,
    admin_email: Annotated[str | None, typer.Option(help="Else TIKETI_ADMIN_EMAIL.")] = None,
    admin_password: Annotated[str | None, typer.Option(help="Else TIKETI_ADMIN_PASSWORD.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the report here as well.")
    ] = None,
) -> None:
    """Send a crowd to an on-sale, and check every promise.

    Exits with 1 if one was broken, 2 if the system cannot be reached.
    """
    settings = load_settings()
    try:
        target = find_target(url, data)
    except ValueError as error:
        fail(str(error), code=USAGE_ERROR)
    password = settings.admin_password
    errand = _Errand(
        target=target,
        sign_in=sign_in or (SignIn.PREPARED if target.system else SignIn.HTTP),
        admin_email=admin_email or settings.admin_email,
        admin_password=admin_password or (password.get_secret_value() if password else None),
        json_file=json_file,
    )
    plan = Plan(
        buyers=buyers,
        seats=seats,
        capacity=capacity,
        rate_per_minute=rate,
        queue=queue,
        seats_per_order=per_order,
        pass_ttl_seconds=pass_ttl,
        opens_in_seconds=opens_in,
        timeout_seconds=timeout,
        connections=connections,
        left_to_expire=let_expire,
        honest=honest,
        seed=seed,
        kill=tuple(kill or ()),
    )
    _check(plan, errand)
    raise typer.Exit(uvloop.run(_run(plan, errand)))


def _check(plan: Plan, errand: _Errand) -> None:
    """Exits with an explanation where the options do not go together."""
    unknown = sorted(set(plan.kill) - set(errand.target.processes))
    if unknown:
        known = ", ".join(errand.target.processes) or "none, as no system runs here"
        fail(f"--kill {', '.join(unknown)}: there are {known}", code=USAGE_ERROR)
    if errand.sign_in is SignIn.PREPARED and errand.target.system is None:
        fail("--sign-in prepared needs the system that runs here", code=USAGE_ERROR)


@asynccontextmanager
async def _door(errand: _Errand) -> AsyncIterator[Door]:
    """Where people sign in, as the errand says."""
    system = errand.target.system
    if system is not None and errand.sign_in is SignIn.PREPARED:
        async with prepared_door(system) as door:
            yield door
    elif errand.admin_password is None:
        fail("--admin-password or TIKETI_ADMIN_PASSWORD is needed there", code=USAGE_ERROR)
    else:
        yield HttpDoor(errand.admin_email, errand.admin_password)


async def _run(plan: Plan, errand: _Errand) -> int:
    """The exit status."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=LOG_COLUMNS)
    client = Client(
        errand.target.origins,
        connections_max=plan.connections,
        timeout_seconds=plan.call_timeout_seconds,
    )
    try:
        await check_reachable(errand.target)
        async with _door(errand) as door:
            simulation = Simulation(
                plan, client, door, SystemClock(), console, errand.target.pids_of
            )
            report = await simulation.run()
    except (Unreachable, OutOfTime, Unforeseen) as error:
        console.print(f"tiketi: {error}", style="red", markup=False)
        return UNREACHABLE
    finally:
        client.close()
    print_report(report, console)
    if errand.json_file is not None:
        await asyncio.to_thread(_write, errand.json_file, report)
    return 0 if report.ok else BROKEN


def _write(file: Path, report: Report) -> None:
    file.write_bytes(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2))
