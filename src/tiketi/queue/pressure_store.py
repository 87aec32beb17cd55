"""The reports of all processes in Redis: one hash, small, and gone when nobody reports."""

from collections.abc import Sequence

from tiketi.infra.lua import load_script
from tiketi.infra.redis import RedisStore
from tiketi.queue.keys import pressure_key
from tiketi.queue.slowness import Slowness

# A process that reports no more is forgotten; one that reports every second may miss some.
REPORT_AGE_MS_MAX = 10_000
# As many tasks as the registry allows of all that report, several times over.
PROCESSES_MAX = 1_000

_REPORT = load_script("tiketi.queue", "report_pressure")
_READ = load_script("tiketi.queue", "read_pressure")


async def report(redis: RedisStore, process: str, figures: Sequence[Slowness]) -> bool:
    """Whether it was kept: not, when too many processes report."""
    numbers = [f"{number:.4f}" for figure in figures for number in (figure.total, figure.count)]
    args = [process, REPORT_AGE_MS_MAX, PROCESSES_MAX, *numbers]
    return bool(await redis.run(_REPORT, [pressure_key()], args))


async def read(redis: RedisStore, count: int) -> list[Slowness]:
    """The sums over all processes of each of their ``count`` figures."""
    sums = await redis.run(_READ, [pressure_key()], [REPORT_AGE_MS_MAX, 2 * count])
    numbers = [int(number) / 1_000 for number in sums]
    return [Slowness(*numbers[at : at + 2]) for at in range(0, 2 * count, 2)]
