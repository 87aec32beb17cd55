"""The kinds of people in the crowd: how they choose, pay, hesitate and lie."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tiketi.cli.simulate.house import Taste
from tiketi.cli.simulate.plan import Plan

T = TypeVar("T")

# The sandbox's cards, as the HTTP contract names them.
GOOD = "4242424242424242"
DECLINED = "4000000000000002"
INSUFFICIENT = "4000000000009995"
WEBHOOK_LATER = "4000000000000259"
WEBHOOK_NEVER = "4000000000000341"


class Ending(StrEnum):
    """What somebody means to do once they may buy."""

    BUY = "buy"
    NO_SHOW = "joins and never comes back"
    DROP_LOCK = "locks seats and walks away"
    CANCEL = "reserves, cancels and leaves"
    REBUY = "reserves, cancels and buys others"
    EXPIRE = "reserves and lets it expire"
    REFUND = "buys and gives the tickets back"


@dataclass(frozen=True, slots=True)
class Temper:
    """``cards`` are tried in turn until one pays."""

    taste: Taste
    party: int
    ending: Ending
    cards: tuple[str, ...]
    asks_best: bool
    locks_first: bool
    repeats: bool
    pays_twice: bool
    grabs: bool
    lies: bool


_ENDINGS = (
    (Ending.BUY, 84),
    (Ending.NO_SHOW, 2),
    (Ending.DROP_LOCK, 3),
    (Ending.CANCEL, 4),
    (Ending.REBUY, 5),
    (Ending.REFUND, 2),
)
_CARDS = (
    ((GOOD,), 78),
    ((DECLINED, GOOD), 9),
    ((INSUFFICIENT, DECLINED, GOOD), 3),
    ((WEBHOOK_LATER,), 6),
    ((WEBHOOK_NEVER,), 4),
)
_TASTES = ((Taste.ASCENDING, 30), (Taste.DESCENDING, 20), (Taste.BEST, 30), (Taste.ANYWHERE, 20))


def draw_temper(index: int, plan: Plan, rng: random.Random) -> Temper:
    """The temper of one buyer. With ``plan.honest`` everybody just wants to buy."""
    party = rng.randint(1, plan.seats_per_order)
    taste = _weighted(_TASTES, rng)
    if plan.honest:
        return Temper(taste, party, Ending.BUY, (GOOD,), False, True, False, False, False, False)
    ending = _weighted(_ENDINGS, rng)
    if index < plan.left_to_expire:
        ending = Ending.EXPIRE
    return Temper(
        taste=taste,
        party=party,
        ending=ending,
        cards=_weighted(_CARDS, rng),
        asks_best=rng.random() < 0.15,  # noqa: PLR2004 # some leave the choice to the system
        locks_first=rng.random() < 0.80,  # noqa: PLR2004 # one in five reserves straight away
        repeats=rng.random() < 0.10,  # noqa: PLR2004 # one in ten presses a button again
        pays_twice=rng.random() < 0.05,  # noqa: PLR2004 # one in twenty has two tabs open
        grabs=rng.random() < 0.03,  # noqa: PLR2004 # a few ask for more than they may, at once
        lies=rng.random() < 0.05,  # noqa: PLR2004 # and a few try what is not theirs
    )


def _weighted(choices: tuple[tuple[T, int], ...], rng: random.Random) -> T:
    values = [value for value, _ in choices]
    return rng.choices(values, [weight for _, weight in choices])[0]
