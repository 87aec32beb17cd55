"""What to simulate: the options of the command, with their bounds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """One on-sale and its buyers.

    People come from before the opening until ``arrivals_after_seconds`` after it; what everybody
    can see is read every ``look_interval_seconds``. ``sign_in_over_http`` of them sign in while
    the sale runs, ``left_to_expire`` let a hold lapse; ``honest`` people do nothing but buy.
    ``kill`` names processes to kill -9 on the way.
    """

    buyers: int = 2000
    seats: int = 500
    capacity: int = 300
    rate_per_minute: int = 60_000
    queue: bool = True
    seats_per_order: int = 4
    pass_ttl_seconds: int = 120
    opens_in_seconds: float = 3.0
    arrivals_after_seconds: float = 3.0
    look_interval_seconds: float = 1.0
    connections: int = 64
    timeout_seconds: float = 600.0
    call_timeout_seconds: float = 30.0
    sign_in_over_http: int = 3
    left_to_expire: int = 0
    seed: int = 1
    kill: tuple[str, ...] = ()
    honest: bool = False
