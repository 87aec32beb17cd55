"""The queue service in a process of its own, and clients that follow an event live."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import timedelta

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tiketi.infra.embedded import pick_free_port
from tiketi.infra.http.identity import ACCESS_AUDIENCE, ACCESS_TYPE
from tiketi.kernel.ids import new_id

TICK_SECONDS = 0.2


class LiveService:
    """`tiketi serve queue`, as the role that it has in production."""

    def __init__(self, settings, output, **changes):
        self.port = pick_free_port()
        self.address = f"127.0.0.1:{self.port}"
        chosen = {
            "database_url": settings.database_url,
            "database_role": "queue_user",
            "redis_url": settings.redis_url,
            "signing_key": settings.signing_key.get_secret_value(),
            "rate_limit_enabled": False,
            "live_tick_seconds": TICK_SECONDS,
            "shutdown_notice_seconds": 0.3,
            "port": self.port,
            **changes,
        }
        environment = {f"TIKETI_{name.upper()}": str(value) for name, value in chosen.items()}
        self.output = output
        with output.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tiketi", "serve", "queue"],
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
            )

    async def wait_ready(self):
        async with asyncio.timeout(20):
            while not await self._is_up():
                assert self.process.poll() is None, self.output.read_text()
                await asyncio.sleep(0.05)
        return self

    async def _is_up(self):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def close(self):
        """What it logged."""
        self.process.kill()
        self.process.wait()
        return self.output.read_text()


class Follower:
    """One client's socket, and every message it got."""

    def __init__(self, socket):
        self.socket = socket
        self.messages = []

    async def say_hello(self, **hello):
        """With ``access_token`` or ``receipt``."""
        await self.socket.send(json.dumps({"type": "hello", **hello}))

    async def receive(self):
        message = json.loads(await self.socket.recv())
        self.messages.append(message)
        return message

    async def next(self, kind, *, seconds_max=10, **fields):
        """The next message of the type whose fields are these."""
        async with asyncio.timeout(seconds_max):
            while True:
                message = await self.receive()
                if message["type"] == kind and fields.items() <= message.items():
                    return message

    async def close_code(self, *, seconds_max=10):
        """Read on until the server closes."""
        async with asyncio.timeout(seconds_max):
            try:
                while True:
                    await self.receive()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None


@asynccontextmanager
async def open_socket(service, event_id, *, host=None):
    """``host``: by which name the service is asked for, where a balancer looks at it."""
    there, _, port = service.address.partition(":")
    url = f"ws://{host or there}:{port}/api/v1/queue/{event_id}/live"
    way = {"host": there, "port": int(port)}
    async with connect(url, compression=None, close_timeout=1, **way) as socket:
        yield Follower(socket)


@asynccontextmanager
async def follow(service, event_id, **hello):
    """A socket that said hello with ``access_token`` or ``receipt``."""
    async with open_socket(service, event_id) as follower:
        await follower.say_hello(**hello)
        yield follower


def token_of(runtime, actor=None, *, role="user"):
    now = runtime.clock.now()
    user_id = actor.user_id if actor else new_id()
    return runtime.keys.sign(
        {"sub": str(user_id), "role": role, "gen": 0, "jti": str(new_id())},
        typ=ACCESS_TYPE,
        audience=ACCESS_AUDIENCE,
        issued_at=now,
        expires_at=now + timedelta(minutes=10),
    )
