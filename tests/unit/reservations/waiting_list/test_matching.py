"""Who is offered what: the rule, for any line and any places that came free."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.events.test_domain import NOW, event
from tests.unit.reservations.choosing.halls import TIER, make_hall
from tiketi.events.domain import Tier, TierKind
from tiketi.kernel.ids import new_id
from tiketi.reservations.choosing.seat_sets import set_of
from tiketi.reservations.waiting_list.domain import Entry, EntryStatus, PartyWish
from tiketi.reservations.waiting_list.matching import Rules, Sale, Stock, match

STANDING = new_id()
RULES = Rules(passed_over_max=2, gather_max=timedelta(seconds=60), offers_max=100)
HALL = make_hall([6, 6], [4], accessible=[0], companion=[1])
EVENT = event(
    tiers=(
        Tier(TIER, new_id(), 0, "A", 1000, TierKind.SEATED, "A", HALL.size),
        Tier(STANDING, new_id(), 1, "Standing", 1000, TierKind.GENERAL, None, 20),
    )
)
SALE = Sale(EVENT, HALL, NOW)


def entry(number, quantity, *, adjacent=True, tiers=(), passed_over=0, since=None):
    wish = PartyWish(quantity, tiers, adjacent)
    return Entry(
        id=new_id(),
        number=number,
        event_id=EVENT.id,
        user_id=new_id(),
        wish=wish,
        status=EntryStatus.WAITING,
        position=None,
        offer=None,
        passed_over=passed_over,
        gathering_since=since,
        created_at=NOW,
    )


def stock(returned=(), free=(), standing=0):
    flags = set_of(returned, HALL.size), set_of(free, HALL.size)
    return Stock(*flags, {STANDING: standing} if standing else {}, {})


def served(line, found):
    return {entry.number: offer.places for entry, offer in found.offers}


def test_the_first_whom_it_fits_is_served_and_who_is_not_is_passed_over():
    line = [entry(1, 4), entry(2, 2), entry(3, 2)]
    found = match(SALE, line, stock([4, 5]), RULES)
    assert served(line, found)[2].seats == [4, 5]
    assert found.passed_over == [line[0].id]
    assert not found.freed


def test_what_fits_nobody_is_freed_and_counts_for_those_who_might_have_had_it():
    line = [entry(1, 3), entry(2, 3, tiers=(STANDING,))]
    found = match(SALE, line, stock([7, 9]), RULES)
    assert (found.offers, list(found.freed.seats)) == ([], [7, 9])
    assert found.passed_over == [line[0].id]


def test_a_party_passed_over_often_stops_those_behind_until_it_has_gathered_long():
    blocking = [entry(1, 3, tiers=(TIER,), passed_over=2), entry(2, 1), entry(3, 1)]
    found = match(SALE, blocking, stock([7, 9], standing=1), RULES)
    # Places of other tiers go on; those of its own stay.
    assert served(blocking, found)[2].general == {STANDING: 1}
    assert (found.gathering, list(found.freed.seats)) == ([blocking[0].id], [])
    tired = [
        entry(1, 3, tiers=(TIER,), passed_over=2, since=NOW - timedelta(seconds=61)),
        *blocking[1:],
    ]
    found = match(SALE, tired, stock([7, 9]), RULES)
    assert set(served(tired, found)) == {2, 3}
    assert found.gave_up == [tired[0].id]


def test_accessible_seats_are_offered_to_nobody_and_freed_at_once():
    line = [entry(1, 1, passed_over=2), entry(2, 2, tiers=(TIER,), passed_over=2)]
    found = match(SALE, line, stock([0, 1]), RULES)
    assert (found.offers, list(found.freed.seats)) == ([], [0, 1])


def test_places_that_are_everybodys_complete_what_came_free():
    line = [entry(1, 2, tiers=(TIER,))]
    assert match(SALE, line, stock([7], [9]), RULES).offers == []
    assert served(line, match(SALE, line, stock([7], [8]), RULES))[1].seats == [7, 8]


parties = st.builds(
    lambda quantity, adjacent, tiers, passed: (quantity, adjacent, tiers, passed),
    st.integers(1, 8),
    st.booleans(),
    st.sampled_from([(), (TIER,), (STANDING,)]),
    st.integers(0, 3),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(parties, max_size=12),
    st.sets(st.integers(0, HALL.size - 1)),
    st.sets(st.integers(0, HALL.size - 1)),
    st.integers(0, 12),
)
def test_places_always_add_up(wishes, returned, free, standing):
    line = [
        entry(number, quantity, adjacent=adjacent, tiers=tiers, passed_over=passed)
        for number, (quantity, adjacent, tiers, passed) in enumerate(wishes)
    ]
    free -= returned
    left = stock(returned, free, standing)
    found = match(SALE, line, left, RULES)
    offered = [index for _, offer in found.offers for index in offer.places.seats]
    assert len(offered) == len(set(offered))
    assert set(offered) <= returned | free
    assert set(found.freed.seats) <= returned - set(offered)
    gathered = returned - set(offered) - set(found.freed.seats)
    stood = sum(offer.places.general.get(STANDING, 0) for _, offer in found.offers)
    freed = found.freed.general.get(STANDING, 0)
    assert stood + freed <= standing
    for who, offer in found.offers:
        assert offer.places.count == who.wish.quantity
        assert who.wish.wanted(EVENT) >= set(offer.places.general)
    # Nothing is kept but for a party that was passed over too often.
    if not found.gathering:
        assert not gathered
        assert stood + freed == standing
    # Who is not served could not be, with what is left over.
    numbers = {who.number for who, _ in found.offers}
    after = Stock(set_of(found.freed.seats, HALL.size), 0, dict(found.freed.general), {})
    unserved = [each for each in line if each.number not in numbers]
    assert match(SALE, unserved, after, RULES).offers == []
