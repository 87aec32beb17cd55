"""Logs as one JSON object a line, and the metrics that every service has."""

import logging
import sys
from typing import Any

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

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
METRICS_MEDIA_TYPE = CONTENT_TYPE_LATEST


def render_metrics() -> bytes:
    """Every metric of this process in Prometheus' text format."""
    return generate_latest()


def configure_logs(level: str) -> None:
    """Send structlog and the standard library's loggers to standard error as JSON lines."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
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


class _Bridge(logging.Handler):
    """Standard-library records as the same JSON lines."""

    def emit(self, record: logging.LogRecord) -> None:
        extra = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger(record.name).log(
            record.levelno, record.getMessage(), logger=record.name, **extra
        )


def _dumps(event: Any, **_options: Any) -> bytes:
    return orjson.dumps(event, default=str)
