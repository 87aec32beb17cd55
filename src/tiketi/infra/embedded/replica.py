"""A second PostgreSQL that follows a first: for reads that may lag, and for trying a fail-over."""

import os
from pathlib import Path

from tiketi.infra.embedded.directory import prepare, write_private
from tiketi.infra.embedded.errors import EmbeddedError
from tiketi.infra.embedded.postgres import EmbeddedPostgres


def replicate(primary: EmbeddedPostgres, data_dir: Path, *, fsync: bool = True) -> EmbeddedPostgres:
    """A streaming replica of a running primary, not started yet; it shares the primary's password.

    Raises EmbeddedError if ``data_dir`` holds a cluster already, or the copy fails.
    """
    replica = EmbeddedPostgres(data_dir, fsync=fsync)
    if replica.cluster.exists():
        raise EmbeddedError(f"{data_dir} holds a cluster already")
    prepare(replica.data_dir)
    write_private(replica.data_dir / "password", primary.password)
    partial = replica.data_dir / "cluster.partial"
    partial.mkdir(mode=0o700)
    if (account := primary.account) is not None:
        os.chown(partial, account.uid, account.gid)
    primary.run_tool(
        *("pg_basebackup", "-D", str(partial), "-d", primary.url(database="postgres")),
        *("--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"),
        *(() if fsync else ("--no-sync",)),
    )
    partial.rename(replica.cluster)
    return replica


def promote(replica: EmbeddedPostgres) -> None:
    """Make it a primary that takes writes; returns once it does."""
    replica.run_tool("pg_ctl", "promote", "-w", "-D", str(replica.cluster))
