"""From people to calls a second and cores, service by service, in the busiest second."""

from collections.abc import Mapping

from tiketi.planning import figures as f
from tiketi.planning.domain import Load, Sale

NO_LOAD = Load({}, cores=0.0)


def loads_of(sale: Sale, people: int, server: str) -> dict[str, Load]:
    """The load of each service that grows with the audience, by its name; KeyError for a server
    whose ceiling nobody has measured.
    """
    bare = float(f.BARE_PER_SECOND[server])
    arrivals = arrivals_per_second(sale, people)
    return {
        "auth": _auth(people, arrivals, bare),
        "event": _event(people, bare),
        "queue": _queue(sale, people, arrivals, bare),
        "reservation": _reservation(sale, people, arrivals, bare),
        "payment": _payment(sale, arrivals),
    }


def arrivals_per_second(sale: Sale, people: int) -> float:
    """People who arrive in the busiest second."""
    share = f.FIRST_MINUTE_SHARE_DRAW if sale.is_draw else f.FIRST_MINUTE_SHARE
    return people * share / 60 * f.PEAK_OVER_MEAN


def reservations_per_second(sale: Sale, arrivals: float) -> float:
    """Everybody who is let in tries one; without a queue everybody is in on arrival."""
    return min(arrivals, sale.rate_per_minute / 60) if sale.queue_enabled else arrivals


def _auth(people: int, arrivals: float, bare: float) -> Load:
    sign_ins = people * f.SIGN_IN_SHARE / f.SIGN_IN_SECONDS * f.PEAK_OVER_MEAN
    # Access tokens live 10 minutes: who comes back with a session has it refreshed.
    return _load(
        {
            "sign_ins": (sign_ins, f.SIGN_INS_PER_CORE),
            "refreshes": (arrivals, bare * f.REFRESH_RATIO),
        }
    )


def _event(people: int, bare: float) -> Load:
    reads = people * f.EVENT_READS_A_PERSON_SECOND * (1 - f.CDN_SHARE)
    return _load({"reads": (reads, bare * f.EVENT_READ_RATIO)})


def _queue(sale: Sale, people: int, arrivals: float, bare: float) -> Load:
    if not sale.queue_enabled:
        return NO_LOAD
    tabs = people * f.TABS_A_PERSON
    sockets = tabs * f.SOCKET_SHARE
    polls = (tabs - sockets) / f.POLL_SECONDS_MEAN
    if sale.is_draw:
        polls = max(polls, min(tabs - sockets, f.ASK_AT_OPENING_PER_SECOND))
    arriving_tabs = arrivals * f.TABS_A_PERSON
    return _load(
        {
            "joins": (arriving_tabs, bare * f.JOIN_RATIO),
            "connects": (arriving_tabs * f.SOCKET_SHARE, bare * f.JOIN_RATIO),
            "polls": (polls, bare * f.STATUS_RATIO),
            "messages": (sockets / f.LIVE_TICK_SECONDS, f.MESSAGES_PER_CORE),
        },
        sockets=round(sockets),
    )


def _reservation(sale: Sale, people: int, arrivals: float, bare: float) -> Load:
    inside = min(people, sale.capacity) if sale.queue_enabled else people
    return _load(
        {
            "selections": (inside * f.SELECTIONS_A_PERSON_SECOND, bare * f.LOCK_RATIO),
            "reservations": (reservations_per_second(sale, arrivals), f.RESERVATIONS_PER_CORE),
        }
    )


def _payment(sale: Sale, arrivals: float) -> Load:
    """No more is paid for than there is to sell."""
    orders = sale.places / f.PLACES_AN_ORDER
    payments = min(
        reservations_per_second(sale, arrivals) * f.PAYMENT_SHARE, orders / f.PAYING_SECONDS_MIN
    )
    return _load({"payments": (payments, f.PAYMENTS_PER_CORE)})


def _load(calls: Mapping[str, tuple[float, float]], *, sockets: int = 0) -> Load:
    """``calls``: by name, how many a second, and how many of them one core bears."""
    return Load(
        {name: rate for name, (rate, _) in calls.items()},
        cores=sum(rate / a_core for rate, a_core in calls.values()),
        sockets=sockets,
    )
