"""`tiketi simulate` on services whose Redis is six shards, a master killed on the way."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.support.cluster import THROWAWAY, mend
from tests.support.local_system import Up, free_port_block
from tiketi.infra.embedded import throwaway_directory
from tiketi.infra.embedded.cluster import EmbeddedCluster
from tiketi.infra.embedded.process import wait_until

BUYERS = 600
SECONDS_MAX = 200
UNDER_WAY_SECONDS = 60
QUEUE_SHARD, LOCK_SHARD = 1, 2

pytestmark = [pytest.mark.long, pytest.mark.timeout(500)]


@pytest.fixture(scope="module")
def sharded():
    home = throwaway_directory("tiketi-cluster-")
    with EmbeddedCluster(home / "cluster", settings=THROWAWAY) as cluster:
        up = Up(home / "state", free_port_block(), "--no-seed", TIKETI_REDIS_URL=cluster.url())
        try:
            yield up.wait_ready(), cluster
        finally:
            up.terminate()
    shutil.rmtree(home)


@pytest.mark.parametrize("shards_hit", [(), (QUEUE_SHARD,), (QUEUE_SHARD, LOCK_SHARD)])
def test_an_on_sale_keeps_every_promise_whichever_master_dies(sharded, shards_hit):
    up, cluster = sharded
    report = up.data.with_name("report.json")
    size = [f"--buyers={BUYERS}", "--seats=200", "--capacity=60", f"--timeout={SECONDS_MAX}"]
    command = [sys.executable, "-m", "tiketi", "simulate", "--data", up.data, "--json", report]
    with up.data.with_name("simulate.out").open("w+") as output:
        crowd = subprocess.Popen([*command, *size], stdout=output, stderr=subprocess.STDOUT)
        try:
            for shard in shards_hit:
                before = _requests_of(cluster, shard)
                assert wait_until(
                    lambda: _requests_of(cluster, shard) > before + BUYERS,  # noqa: B023 # at once
                    timeout_seconds=UNDER_WAY_SECONDS,
                )
                cluster.master_of(shard).kill()
            assert crowd.wait(SECONDS_MAX + 60) == 0, _shown(output)
        finally:
            crowd.kill()
            crowd.wait()
            mend(cluster)
    assert json.loads(report.read_text())["seats_sold"] == 200, _shown(output)


def _requests_of(cluster, shard):
    info = cluster.master_of(shard).command("INFO", "commandstats")
    scripts = next((line for line in info.splitlines() if "cmdstat_evalsha" in line), "calls=0,")
    return int(scripts.partition("calls=")[2].partition(",")[0])


def _shown(output):
    output.seek(0)
    return output.read()
