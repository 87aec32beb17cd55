"""The events that this process follows: one hub each, while anybody is connected."""

import asyncio
import random
from uuid import UUID

import structlog

from tiketi.infra.http.sockets import RESTARTING
from tiketi.infra.runtime import Runtime
from tiketi.live.connection import Connection
from tiketi.live.hub import Hub
from tiketi.live.postman import Postman

log = structlog.get_logger(__name__)

CONNECTIONS_A_USER_MAX = 5  # for one event; the oldest goes
TOO_MANY = 4429


class Hubs:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.postman = Postman()
        self._hubs: dict[UUID, Hub] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._by_user: dict[tuple[UUID, UUID], list[Connection]] = {}
        runtime.on_drain.append(self._begin_drain)

    def attach(self, connection: Connection) -> None:
        """Tell the connection of its event from now on; over the user's limit the oldest ends."""
        if self._runtime.draining:
            connection.end(RESTARTING)
            return
        own = self._by_user.setdefault((connection.actor.user_id, connection.event_id), [])
        own.append(connection)
        for oldest in own[:-CONNECTIONS_A_USER_MAX]:
            oldest.end(TOO_MANY)
        hub = self._hubs.get(connection.event_id)
        if hub is None:
            hub = self._hubs[connection.event_id] = Hub(self._runtime, connection.event_id)
            self._tasks[connection.event_id] = asyncio.create_task(hub.run())
        hub.add(connection)

    def detach(self, connection: Connection) -> None:
        key = (connection.actor.user_id, connection.event_id)
        own = self._by_user.get(key, [])
        if connection in own:
            own.remove(connection)
            if not own:
                del self._by_user[key]
        hub = self._hubs.get(connection.event_id)
        if hub is None:
            return
        hub.remove(connection)
        if not hub.connections:
            del self._hubs[connection.event_id]
            self._tasks.pop(connection.event_id).cancel()

    def _begin_drain(self) -> None:
        """End every connection within the notice, each at a moment of its own: those who come back
        do not all come at once. What is left then, the launcher closes.
        """
        loop = asyncio.get_running_loop()
        notice_seconds = self._runtime.settings.shutdown_notice_seconds
        leaving = [connection for hub in self._hubs.values() for connection in hub.connections]
        log.info("live_leaves", connections=len(leaving))
        for connection in leaving:
            delay = notice_seconds * random.random()  # noqa: S311 # spreads, guards nothing
            loop.call_later(delay, connection.end, RESTARTING)
