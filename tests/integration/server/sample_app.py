"""A small application, served by the real launcher in a process of its own."""

import asyncio
import json
import sys

from tiketi.infra.telemetry import configure_logs
from tiketi.services.server import ServerError, run_server
from tiketi.settings import Settings

ODD = {  # status, content-length, parts of the body
    "longer": (200, b"2", [b"a", b"b", b"c"]),
    "shorter": (200, b"9", [b"abc"]),
    "dies": (200, b"9", [b"abc"]),
    "dies-in-chunks": (200, None, [b"abc"]),
    "chunks": (200, None, [b"abc", b"", b"de"]),
    "empty": (204, None, []),
    "unchanged": (304, b"5", []),
    "split": (200, b"0\r\nx-two: 2", []),
}


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
        seen |= {name.decode(): value.decode() for name, value in scope["headers"][:1]}
        if scope["path"] == "/slow":
            say("slow begun")
            await asyncio.sleep(float(scope["query_string"] or 1))
        if scope["path"].startswith("/odd/"):
            await self.odd(scope["path"], send)
            return
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

    async def odd(self, path, send):
        """Answers that HTTP does not allow, or not as they are."""
        status, length, parts = ODD[path.removeprefix("/odd/")]
        headers = [] if length is None else [(b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        if "dies" in path:
            raise SystemError("died midway")
        await send({"type": "http.response.body"})

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
