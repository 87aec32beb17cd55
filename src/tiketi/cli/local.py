"""A whole system on this machine in one process tree: stores, then schema, then services."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable

from tiketi.cli.bootstrap import Admin, ensure_admin, set_role_passwords
from tiketi.cli.children import Ports, make_children, signing_key
from tiketi.cli.data_directory import DataDirectory, Secrets
from tiketi.cli.running import RunningSystem, forget_running, process_start_time, write_running
from tiketi.cli.service_process import ServiceProcess
from tiketi.cli.stores import Stores
from tiketi.cli.supervisor import Supervisor, describe
from tiketi.infra.embedded import EmbeddedError
from tiketi.infra.embedded.ports import is_free, owner_of
from tiketi.infra.embedded.process import bound_log, sweep, wait_until
from tiketi.services.registry import EDGE, SERVICES
from tiketi.settings import Settings

READY_SECONDS = 180.0  # seven interpreters importing at once on a small, busy machine
ORPHAN_SECONDS = 10.0


class Interrupted(Exception):
    """Asked to stop while still starting."""


class LocalSystem:
    """``open``, ``start``, then ``supervise`` until ``stopping``, then always ``stop``.

    From the main thread: the children end with the thread that spawned them.
    """

    def __init__(
        self,
        data: DataDirectory,
        settings: Settings,
        ports: Ports,
        *,
        ephemeral: bool,
        say: Callable[[str], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._data, self._settings, self._ports = data, settings, ports
        self._ephemeral = ephemeral
        self._say, self._stopping = say, stopping
        self._stores = Stores(data, settings, ephemeral=ephemeral)
        self._children: list[ServiceProcess] = []
        self._secrets: Secrets | None = None
        self._admin: Admin | None = None

    def open(self) -> None:
        """Own the data directory. Raises DirectoryInUse, OSError; then nothing else was touched."""
        self._data.open()

    def start(self, seed: Callable[[], None]) -> None:
        """Until every service serves; ``seed`` is called once the schema is there.

        Raises EmbeddedError, OSError, Interrupted; then call ``stop``.
        """
        self._end_orphans()
        self._check_ports()
        self._secrets = self._data.secrets([service.role for service in (*SERVICES, EDGE)])
        self._step("stores", lambda: self._stores.start(interrupted=self._stopping))
        self._step("schema", self._migrate)
        admin_is_given = self._settings.admin_password is not None
        if admin_is_given:
            # Before the services: whoever waits until they are ready signs in at once.
            self._step("admin", self._make_admin)
        self._children = make_children(
            self._data, self._settings, self._stores, self._secrets, self._ports
        )
        for child in self._children:
            child.start()
        # They import for seconds; meanwhile the database is ours.
        self._step("catalogue", seed)
        self._step("services", self._wait_ready)
        if not admin_is_given:
            # Last, since a password that is made up must be shown, whatever fails before.
            self._step("admin", self._make_admin)
        self._publish()

    def supervise(self) -> None:
        supervisor = Supervisor(say=self._say, changed=self._publish, tidy=self._bound_logs)
        for child in (*self._stores.embedded, *self._children):
            supervisor.watch(child)
        supervisor.run(self._stopping)

    def stop(self) -> None:
        """Services first, each finishing what it began, then the stores."""
        forget_running(self._data.path)
        for child in self._children:
            child.send_stop()
        for child in self._children:
            child.wait_stopped()
        self._stores.stop()
        self._data.close()
        if self._ephemeral:
            shutil.rmtree(self._data.path, ignore_errors=True)

    @property
    def admin(self) -> Admin:
        assert self._admin is not None
        return self._admin

    @property
    def running(self) -> RunningSystem:
        """What others need to find and reach it."""
        assert self._secrets is not None
        urls = {child.name: child.url for child in self._children}
        processes = [*self._children, *self._stores.embedded]
        pids = {process.name: process.pid for process in processes if process.pid}
        return RunningSystem(
            edge_url=urls.pop(EDGE.name),
            services=urls,
            database_url=self._stores.owner_url,
            redis_url=self._stores.redis_url,
            signing_key=signing_key(self._settings, self._secrets),
            admin_email=self._settings.admin_email,
            data_dir=self._data.path,
            pids={**pids, "supervisor": os.getpid()},
            started_at=process_start_time(os.getpid()),
        )

    @property
    def owner_settings(self) -> Settings:
        """The settings of a command that acts as the owner of the stores."""
        stores = {
            "database_url": self._stores.owner_url,
            "database_reader_url": None,
            "database_role": None,
            "redis_url": self._stores.redis_url,
        }
        return self._settings.model_copy(update=stores)

    def _step(self, what: str, action: Callable[[], None]) -> None:
        if self._stopping():
            raise Interrupted
        self._say(f"{what} …")
        try:
            action()
        except EmbeddedError:
            if self._stopping():
                raise Interrupted from None
            raise

    def _end_orphans(self) -> None:
        ended = sweep(self._data.work, polite=signal.SIGTERM, timeout_seconds=ORPHAN_SECONDS)
        if ended:
            self._say(f"ended {ended} services that a killed predecessor left behind")
        forget_running(self._data.path)

    def _check_ports(self) -> None:
        host = self._settings.host
        for service in (EDGE, *SERVICES):
            port = self._ports.of(service)
            if not is_free(port, host=host):
                option = "--port" if service is EDGE else "--service-port-base"
                raise EmbeddedError(
                    f"port {port} (for {service.name}) is taken by {owner_of(port)}:"
                    f" stop it, or choose another with {option}"
                )

    def _migrate(self) -> None:
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 # slow to import, as alembic is

        from tiketi.infra.migrations import upgrade  # noqa: PLC0415 # slow to import

        try:
            upgrade(self._stores.owner_url)
        except SQLAlchemyError as error:
            raise EmbeddedError(f"the database was not migrated: {error}") from error
        if self._stores.postgres is not None:
            assert self._secrets is not None
            asyncio.run(set_role_passwords(self._stores.owner_url, self._secrets.roles))

    def _make_admin(self) -> None:
        self._admin = asyncio.run(ensure_admin(self.owner_settings))

    def _wait_ready(self) -> None:
        def settled() -> bool:
            dead = any(child.poll() is not None for child in self._children)
            return dead or self._stopping() or all(c.is_listening() for c in self._children)

        in_time = wait_until(settled, timeout_seconds=READY_SECONDS)
        if self._stopping():
            raise Interrupted
        for child in self._children:
            status = child.poll()
            if status is not None:
                words = child.last_words()
                raise EmbeddedError(f"{child.name} ended ({describe(status)}): {words}")
        if not in_time:
            raise EmbeddedError(
                f"the services took over {READY_SECONDS:g} s; see {self._data.logs}"
            )

    def _bound_logs(self) -> None:
        for log in (child.log for child in self._children):
            bound_log(log)
        for store in self._stores.embedded:
            bound_log(store.log_path)

    def _publish(self) -> None:
        write_running(self.running)
