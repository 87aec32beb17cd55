"""What only the whole file can say is said too, at the line that can mend it."""

from tests.support.catalogues import GOOD, problems_of, read

USD = GOOD.replace("    currency: KRW\n    tiers", "    currency: USD\n    tiers")


def reasons(text):
    return {problem.path: problem.reason for problem in problems_of(text)}


def test_dollar_event_never_takes_won_prices():
    found = reasons(USD)
    reason = "required in USD, since the layout's price is KRW"
    assert found == {"events[0].prices.VIP": reason, "events[0].prices.101": reason}


def test_dollar_event_with_its_own_prices_is_right():
    text = USD.replace("    tiers", "    prices: {VIP: 18500, 101: 9950}\n    tiers")
    assert read(text).events[0].prices == {"VIP": 18500, "101": 9950}


def test_price_of_a_section_that_is_not_there_is_refused():
    found = reasons(GOOD.replace("    tiers", "    prices: {VIP: 1, BOX: 2}\n    tiers"))
    assert found == {"events[0].prices.BOX": "no section BOX in layout 'small'"}


def test_price_without_a_currency_is_refused():
    found = reasons(GOOD.replace("    currency: KRW\n    sections", "    sections"))
    assert set(found) == {"layouts[0].sections[0].price", "layouts[0].sections[1].price"}


def test_layout_without_prices_serves_events_that_bring_theirs():
    text = GOOD.replace("        price: 150000\n", "").replace("        price: 90000\n", "")
    text = text.replace("    currency: KRW\n    sections", "    sections")
    assert set(reasons(text)) == {"events[0].prices.VIP", "events[0].prices.101"}
    assert read(text.replace("    tiers", "    prices: {VIP: 3, 101: 2}\n    tiers"))


def test_event_without_seats_or_places_is_refused():
    text = GOOD.replace("    layout: small\n", "").replace("    tiers:\n", "")
    text = text.replace("      - {name: standing, price: 50000, capacity: 100}\n", "")
    assert reasons(text) == {"events[0].layout": "nothing to sell: name a layout, or give tiers"}


def test_general_admission_alone_is_right():
    assert read(GOOD.replace("    layout: small\n", "")).events[0].layout is None


def test_event_of_more_than_100000_seats_is_refused():
    small = GOOD.replace("{name: B, seats: 5}", "{name: B, seats: 6}").replace(
        "capacity: 100}", "capacity: 1}"
    )
    most = small.replace("rows: 2", "rows: 999").replace("seats_per_row: 3", "seats_per_row: 100")
    assert reasons(most.replace("seats: 4", "seats: 93")) == {}
    found = reasons(most.replace("seats: 4", "seats: 95"))
    assert found["layouts[0].sections"] == "100,001 seats: at most 100,000"


def test_seats_and_general_places_are_bounded_together():
    text = GOOD.replace("capacity: 100}", "capacity: 99990}")
    assert reasons(text) == {"events[0].tiers": "100,005 places with its seats: at most 100,000"}


def test_one_file_sells_at_most_a_million_seats():
    text = GOOD.replace("rows: 2", "rows: 99").replace("seats_per_row: 3", "seats_per_row: 999")
    event = text[text.index("  - slug") :]
    text += "".join(event.replace("first-night", f"night-{n}") for n in range(11))
    found = reasons(text)
    assert found["events"] == "1,186,920 seats in all: at most 1,000,000 a file"
    assert len(found) == 1


def test_repeated_slug_names_the_second_line():
    (problem,) = problems_of(GOOD + GOOD[GOOD.index("  - slug") :])
    assert problem.line == GOOD.count("\n") + 1
    assert problem.reason == "the slug of events[0] again"


def test_repeated_venue_and_layout_are_refused():
    venue = GOOD[GOOD.index("  - name: 달") : GOOD.index("layouts")]
    layout = GOOD[GOOD.index("  - name: small") : GOOD.index("events")]
    text = GOOD.replace("layouts:\n", venue + "layouts:\n").replace(
        "events:\n", layout + "events:\n"
    )
    assert set(reasons(text)) == {"venues[1].name", "layouts[1].name"}


def test_wheelchair_place_must_exist():
    text = GOOD.replace(
        "        price: 150000", "        price: 150000\n        accessible: [2-3, 3-1]"
    )
    assert reasons(text) == {"layouts[0].sections[0].accessible[1]": "no seat 3-1 in section VIP"}


def test_two_seats_never_stand_on_one_point():
    seats = "[{number: 1, x: 0, y: 0}, {number: 2, x: 1, y: 0}, {number: 3, x: 1, y: 0}]"
    text = GOOD.replace(
        "[{name: A, seats: 4}, {name: B, seats: 5}]", f"[{{name: A, seats: {seats}}}]"
    )
    path = "layouts[0].sections[1].rows[0].seats[2]"
    assert reasons(text) == {path: "stands where A-2 stands"}


def test_seat_number_is_given_once_a_row():
    seats = "[{number: 1, x: 0, y: 0}, {number: 1, x: 1, y: 0}]"
    text = GOOD.replace(
        "[{name: A, seats: 4}, {name: B, seats: 5}]", f"[{{name: A, seats: {seats}}}]"
    )
    path = "layouts[0].sections[1].rows[0].seats[1].number"
    assert reasons(text) == {path: "the number of seats[0] again"}


def test_written_out_section_takes_no_place():
    seats = "[{name: A, seats: [{number: 1, x: 0, y: 0}]}]"
    text = GOOD.replace("[{name: A, seats: 4}, {name: B, seats: 5}]", seats)
    text = text.replace("        price: 90000", "        price: 90000\n        place: {x: 0, y: 9}")
    assert set(reasons(text)) == {"layouts[0].sections[1].place"}


def test_references_are_checked_although_the_event_has_other_mistakes():
    text = GOOD.replace("title: 첫날 밤", "title: 3").replace("venue: 달빛소극장", "venue: 없는 곳")
    assert set(reasons(text)) == {"events[0].title", "events[0].venue"}


def test_item_with_a_mistake_is_still_known_by_its_name():
    text = GOOD.replace("address: 서울", "address: 3 #").replace("rows: 2", "rows: two")
    assert set(reasons(text)) == {"venues[0].address", "layouts[0].sections[0].rows"}
