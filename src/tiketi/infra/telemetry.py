"""Logs as one JSON object a line, and the metrics that every service has."""

import asyncio
import logging
import sys
from functools import cache
from typing import Any

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

from tiketi.infra.shared_metrics import shared_registry
from tiketi.kernel.clock import SystemClock

LATENCY_BUCKETS_SECONDS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip

REQUESTS = Counter(
    "tiketi_http_requests_total", "Requests answered.", ["service", "route", "method", "status"]
)
LATENCY = Histogram(
    "tiketi_http_request_seconds",
    "Time from the request's head to the last byte of its answer.",
    ["service", "route"],
    buckets=LATENCY_BUCKETS_SECONDS,
)
LOOP_FAILURES = Counter(
    "tiketi_loop_failures_total", "Rounds of a background loop that failed.", ["loop"]
)
BATCHES = Histogram(
    "tiketi_batch_size",
    "Items decided together in one statement.",
    ["batch"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
METRICS_MEDIA_TYPE = CONTENT_TYPE_LATEST

_CLOCK = SystemClock()
_logs_requests = False
_lines: list[bytes] = []


def count_request(service: str, route: str, method: str, status: int, seconds: float) -> None:
    """One answered request. ``route`` is the path's pattern, so the labels are bounded."""
    requests, latency = _series(service, route, method, status)
    requests.inc()
    latency.observe(seconds)


@cache
def _series(service: str, route: str, method: str, status: int) -> tuple[Any, Any]:
    """Looking a metric up by its labels costs more than counting."""
    requests = REQUESTS.labels(service, route, method, str(status))
    return requests, LATENCY.labels(service, route)


def are_shared() -> bool:
    """Whether the metrics are those of several processes."""
    return shared_registry() is not None


def render_metrics() -> bytes:
    """Every metric of this process, or of all that share theirs, in Prometheus' text format."""
    shared = shared_registry()
    return generate_latest() if shared is None else generate_latest(shared)


def configure_logs(level: str) -> None:
    """Send structlog and the standard library's loggers to standard error as JSON lines."""
    global _logs_requests  # noqa: PLW0603 # one standard error a process
    threshold = logging.getLevelNamesMapping()[level.upper()]
    _logs_requests = threshold <= logging.INFO
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[_Bridge()], force=True)


def log_request(**fields: str | float | None) -> None:
    """A line of its own way, of the same shape: with structlog it would cost a tenth of a request.

    Lines of one turn of the loop are written together.
    """
    if not _logs_requests:
        return
    _lines.append(
        orjson.dumps(
            {**fields, "event": "request", "level": "info", "timestamp": _CLOCK.now()},
            option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE,
        )
    )
    if len(_lines) == 1:
        asyncio.get_running_loop().call_soon(_write_lines)


def _write_lines() -> None:
    sys.stderr.buffer.write(b"".join(_lines))
    sys.stderr.buffer.flush()
    _lines.clear()


class _Bridge(logging.Handler):
    """Standard-library records as the same JSON lines."""

    def emit(self, record: logging.LogRecord) -> None:
        extra = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger(record.name).log(
            record.levelno, record.getMessage(), logger=record.name, **extra
        )


def _dumps(event: Any, **_options: Any) -> bytes:
    return orjson.dumps(event, default=str)
