"""The waiting room's metrics: sums over all events, since a label for each would grow for ever."""

from prometheus_client import Counter, Gauge

JOINS = Counter("tiketi_queue_joins_total", "Places given in line, restored ones included.")
ADMISSIONS = Counter("tiketi_queue_admissions_total", "People admitted.")
WAITING = Gauge("tiketi_queue_waiting", "People who wait, over all events; the same everywhere.")
ADMITTED = Gauge("tiketi_queue_admitted", "Passes that live, over all events; same everywhere.")
