"""The ceilings: the same work by pgbench, without a service around it."""

import re
from pathlib import Path
from uuid import UUID

from bench.stage import Stage

_SCRIPTS = Path(__file__).with_name("pgbench")
_TPS = re.compile(r"tps = ([\d.]+)")
_FAILED = re.compile(r"number of failed transactions: (\d+)")


def press_pgbench(
    stage: Stage, script: str, event_id: UUID, *, clients: int, seconds: int, buyers: int = 1
) -> float:
    """Buyers served a second by so many clients."""
    said = stage.postgres.run_tool(
        "pgbench",
        *("-h", "127.0.0.1", "-p", str(stage.postgres.port), "-U", "tiketi"),
        *("-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds), "-f", "-"),
        *("-D", f"event={event_id}", "-D", f"clients={clients}", "-D", "n=-1"),
        *("-D", f"buyers={buyers}", "tiketi"),
        stdin=(_SCRIPTS / f"{script}.sql").read_text(),
    )
    rate, failed = _TPS.search(said), _FAILED.search(said)
    if rate is None or failed is None or int(failed[1]):
        raise RuntimeError(f"pgbench said:\n{said}")
    return float(rate[1]) * buyers
