"""A small application, served by the real launcher in a process of its own."""

import asyncio
import json
import sys

from tiketi.infra.telemetry import configure_logs
from tiketi.services.server import ServerError, run_server
from tiketi.settings import Settings


def say(word):
    """To the test, which reads our output."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class App:
    def __init__(self):
        self.draining = False
        self.started = asyncio.Event()

    def begin_drain(self):
        self.draining = True
        say("drain")

    async def __call__(self, scope, receive, send):
        await getattr(self, scope["type"])(scope, receive, send)

    async def lifespan(self, _scope, receive, send):
        await receive()
        if "--fail" in sys.argv:
            await send({"type": "lifespan.startup.failed", "message": "the store is away"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        say("closed")
        await send({"type": "lifespan.shutdown.complete"})

    async def http(self, scope, receive, send):
        status = 503 if scope["path"] == "/health/ready" and self.draining else 200
        seen = {"path": scope["path"], "method": scope["method"]}
        if scope["path"] == "/slow":
            say("slow begun")
            await asyncio.sleep(float(scope["query_string"] or 1))
        if scope["path"] == "/early":
            status = 413
        else:
            size, more = 0, True
            while more:
                message = await receive()
                size, more = size + len(message.get("body", b"")), message.get("more_body", False)
            seen["size"] = size
        body = json.dumps(seen).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def websocket(self, _scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})


if __name__ == "__main__":
    configure_logs("info")
    try:
        run_server(App(), name="sample", port=int(sys.argv[1]), settings=Settings())
    except ServerError as error:
        sys.exit(f"error: {error}")
