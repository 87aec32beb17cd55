"""One client's live connection: written to at once while they read, else a bounded mailbox that a
postman empties.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from uuid import UUID

from tiketi.kernel.actor import Actor
from tiketi.live.messages import Kind, Message
from tiketi.live.metrics import MESSAGES
from tiketi.live.postman import Postman
from tiketi.queue.api import Receipt

# Changes of seats that wait for a slow reader; then the oldest go, and the gap tells the client.
SEATS_WAITING_MAX = 32
# A standing replaces an older one of either kind.
_SLOT = {Kind.POSITION: "queue", Kind.ADMITTED: "queue"}
_COUNTS = {kind: MESSAGES.labels(kind) for kind in Kind}

Deliver = Callable[[Message], Awaitable[None]]
TryText = Callable[[str], bool]


class Connection:
    """``deliver`` writes one message and waits while the client does not read. Where the server has
    ``try_text``, it writes one at once or says that it cannot.

    ``shown`` is the receipt that stood in for the access token.
    """

    __slots__ = (
        "_deliver", "_delivery", "_delivery_since", "_is_due", "_limit", "_loop", "_mail",
        "_postman", "_seats", "actor", "end_code", "event_id", "next_ping_at", "shown", "try_text",
    )  # fmt: skip

    def __init__(
        self,
        actor: Actor,
        event_id: UUID,
        deliver: Deliver,
        postman: Postman,
        shown: Receipt | None = None,
    ) -> None:
        self.actor = actor
        self.event_id = event_id
        self.shown = shown
        self.end_code: int | None = None
        self.next_ping_at = 0.0
        self._deliver = deliver
        self._postman = postman
        self.try_text: TryText | None = None
        self._loop = asyncio.get_running_loop()
        self._mail: dict[str, Message] = {}
        self._seats: deque[Message] | None = None  # only once seats had to wait
        self._is_due = False
        self._delivery: asyncio.Task[None] | None = None  # only while the client does not read
        self._delivery_since = 0.0
        self._limit: asyncio.Timeout | None = None

    def post(self, message: Message) -> None:
        """Write a message, or put it in the mailbox: there the newest of its kind stays, and seats
        one after another.
        """
        if self.end_code is not None:
            return
        # Nothing waits that it could overtake.
        if not self._is_due and self.try_text is not None and self.try_text(message.text):
            _COUNTS[message.kind].inc()
            return
        if message.kind is Kind.SEATS:
            if self._seats is None:
                self._seats = deque(maxlen=SEATS_WAITING_MAX)
            self._seats.append(message)
        else:
            self._mail[_SLOT.get(message.kind, message.kind)] = message
        if not self._is_due:
            self._is_due = True
            self._delivery_since = self._loop.time()
            self._postman.call(self._empty, self._hold)

    def is_stalled(self, seconds_max: float) -> bool:
        """Whether one message has waited so long for the client to read."""
        waited = self._loop.time() - self._delivery_since
        return self._is_due and waited > seconds_max

    def end(self, code: int) -> None:
        """Make ``run`` answer the code; the first one counts."""
        if self.end_code is None:
            self.end_code = code
            if self._limit is not None:
                self._limit.reschedule(self._loop.time())

    async def run(self, listen: Callable[[], Awaitable[int]]) -> int:
        """Until ``listen`` answers a code or raises, or ``end`` is called: the code to close with.

        Afterwards nothing more is delivered.
        """
        code = 0
        try:
            if self.end_code is None:
                async with asyncio.timeout(None) as self._limit:
                    code = await listen()
        except TimeoutError:
            if self.end_code is None:
                raise
        finally:
            self._limit = None
            self.end_code = self.end_code or code or None
            await self._stop_delivery()
        return self.end_code or code

    async def _empty(self) -> None:
        try:
            while (message := self._next()) is not None:
                self._delivery_since = self._loop.time()
                await self._deliver(message)
                _COUNTS[message.kind].inc()
        except (OSError, RuntimeError):
            # The client is gone, as the server that listens to it will say.
            self._forget_mail()
        finally:
            self._is_due, self._delivery = False, None

    def _hold(self, delivery: asyncio.Task[None]) -> None:
        self._delivery = delivery

    def _forget_mail(self) -> None:
        self._mail.clear()
        self._seats = None

    def _next(self) -> Message | None:
        if self._mail:
            return self._mail.pop(next(iter(self._mail)))
        return self._seats.popleft() if self._seats else None

    async def _stop_delivery(self) -> None:
        self._forget_mail()
        delivery = self._delivery
        if delivery is not None:
            delivery.cancel()
            await asyncio.wait([delivery])
