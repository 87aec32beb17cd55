"""How many people come: the organizer's number, else the artist's past events, else a guess."""

import math
from collections.abc import Sequence

from tiketi.planning.domain import AUDIENCE_MAX, Audience, PastAudience, Source

# Older events say little about the next one: each counts half of the one after it.
PAST_EVENTS_MAX = 5
WEIGHT_RATIO = 0.5
# An organizer knows their market, and the opening's weather no better than others.
ORGANIZER_LOW, ORGANIZER_HIGH = 0.5, 1.5
# Without any evidence: people for each place. A guess, wide on purpose.
GUESS_LOW, GUESS_EXPECTED, GUESS_HIGH = 1, 3, 10


def predict_audience(*, said: int | None, past: Sequence[PastAudience], places: int) -> Audience:
    """The audience of an event with so many places; ``said`` is the organizer's number.

    ``past`` has the artist's events, the latest first; the first ``PAST_EVENTS_MAX`` count.
    """
    history = _from_history(past[:PAST_EVENTS_MAX], places)
    if said is not None:
        return _from_organizer(said, history)
    return history or _from_places(places)


def asked_audience(people: int) -> Audience:
    """The audience that somebody asks a plan for, as it stands."""
    return Audience(people, people, people, Source.ASKED, "as asked")


def _from_organizer(said: int, history: Audience | None) -> Audience:
    reason = "organizer's number"
    if history is not None:
        reason += f"; {history.reason} it would be {history.expected:,}"
    return _audience(said * ORGANIZER_LOW, said, said * ORGANIZER_HIGH, Source.ORGANIZER, reason)


def _from_history(past: Sequence[PastAudience], places: int) -> Audience | None:
    """The weighted mean, and a range the wider the fewer events there are.

    A line counts everybody who came, however large the hall; buyers were bounded by their hall,
    so a larger one scales them up.
    """
    if not past:
        return None
    people = [
        one.people * (max(1.0, places / one.places) if one.is_lower_bound and one.places else 1.0)
        for one in past
    ]
    weights = [WEIGHT_RATIO**age for age in range(len(people))]
    mean = sum(w * count for w, count in zip(weights, people, strict=True)) / sum(weights)
    margin = 1 + 1 / len(people)
    count = len(past)
    reason = f"from {count} past event{'s' if count > 1 else ''} of the artist"
    bounded = sum(one.is_lower_bound for one in past)
    if bounded:
        reason += f" ({bounded} by its buyers alone, a lower bound)"
    return _audience(min(people) / margin, mean, max(people) * margin, Source.ARTIST, reason)


def _from_places(places: int) -> Audience:
    return _audience(
        places * GUESS_LOW,
        places * GUESS_EXPECTED,
        places * GUESS_HIGH,
        Source.CAPACITY,
        f"no history: {GUESS_EXPECTED} people for each of {places:,} places",
    )


def _audience(low: float, expected: float, high: float, source: Source, reason: str) -> Audience:
    low, expected, high = (
        min(AUDIENCE_MAX, max(1, math.ceil(people))) for people in (low, expected, high)
    )
    return Audience(low, expected, high, source, reason)
