"""The live connections' metrics: sums over all events, since a label for each would grow."""

from prometheus_client import Counter, Gauge, Histogram

CONNECTIONS = Gauge(
    "tiketi_live_connections",
    "Live connections, sockets and streams.",
    ["kind"],
    multiprocess_mode="livesum",
)
MESSAGES = Counter("tiketi_live_messages_total", "Live messages handed to a server.", ["type"])
STALLED = Counter("tiketi_live_stalled_total", "Connections dropped since nobody read them.")
TICK = Histogram(
    "tiketi_live_tick_seconds",
    "A tick of one event: its reads, and everybody's messages into their mailboxes.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
