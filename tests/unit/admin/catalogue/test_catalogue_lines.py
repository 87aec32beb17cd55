"""Every kind of mistake names its own line and says why."""

import pytest

from tests.support.catalogues import GOOD, problems_of, read, spoil
from tiketi.admin.catalogue.errors import CatalogueInvalid

# What is written, what replaces it, the path, the column (0: not pinned), a piece of the reason.
MISTAKES = [
    ("timezone: Asia/Seoul", "timezone: Asia/Seoull", "venues[0].timezone", 15, "time zone"),
    ("timezone: Asia/Seoul", "timezone: Asia", "venues[0].timezone", 15, "time zone"),
    ("timezone: Asia/Seoul", "timezone: ../../etc", "venues[0].timezone", 15, "time zone"),
    ("timezone: Asia/Seoul", "timezone: ", "venues[0].timezone", 0, "found nothing"),
    ("address: 서울", "adress: 서울", "venues[0].adress", 5, "did you mean address?"),
    ("name: VIP", "name: vip", "layouts[0].sections[0].name", 15, "1 to 12 of A-Z"),
    ('name: "101"', "name: 101", "layouts[0].sections[1].name", 15, 'in quotes, "101"'),
    ('name: "101"', "name: 1E5", "layouts[0].sections[1].name", 15, 'in quotes, "1E5"'),
    ('name: "101"', "name: VIP", "layouts[0].sections[1].name", 15, "sections[0] again"),
    ("rows: 2", "rows: 2.5", "layouts[0].sections[0].rows", 15, "a whole number, found 2.5"),
    ("rows: 2", "rows: 0", "layouts[0].sections[0].rows", 15, "at least 1, found 0"),
    ("rows: 2", "rows: []", "layouts[0].sections[0].rows", 15, "entries: at least 1, found 0"),
    ("rows: 2", "rows: many", "layouts[0].sections[0].rows", 15, "found 'many'"),
    ("{name: B, seats: 5}", "{name: A, seats: 5}", "layouts[0].sections[1].rows[1].name", 44,
     "rows[0] again"),
    ("{name: B, seats: 5}", "5", "layouts[0].sections[1].rows[1]", 37, "fields with values"),
    ("seats: 5}", "seats: [{number: 1, x: 0, y: 0}]}", "layouts[0].sections[1].rows[1].seats", 54,
     "count every row"),
    ("price: 150000", "price: 10.50", "layouts[0].sections[0].price", 16, "10.50 USD is 1050"),
    ("price: 150000", "price: 150,000", "layouts[0].sections[0].price", 16, "minor unit"),
    ("price: 150000", "price: -1", "layouts[0].sections[0].price", 16, "at least 0"),
    ("price: 150000", "price: 99999999999999999999", "layouts[0].sections[0].price", 16,
     "whole number"),
    ("price: 90000", "seats_per_row: 4", "layouts[0].sections[1].seats_per_row", 24,
     "each row is listed"),
    ("slug: first-night", "slug: First Night", "events[0].slug", 11, "lower-case"),
    ("title: 첫날 밤", "title: 'a\n\n      b'", "events[0].title", 12, "line break"),
    ("title: 첫날 밤", 'title: "  "', "events[0].title", 12, "blank"),
    ("title: 첫날 밤", f"title: {'a' * 201}", "events[0].title", 12, "at most 200, found 201"),
    ("title: 첫날 밤", 'title: "a\\0b"', "events[0].title", 12, "U+0000"),
    ("title: 첫날 밤", 'title: "\\ud800"', "events[0].title", 12, "surrogate"),
    ("title: 첫날 밤", "title: *a", "events[0].title", 12, "aliases have no use"),
    ("title: 첫날 밤", "title: !!str x", "events[0].title", 12, "tags have no use"),
    ("title: 첫날 밤", "title: x\n    title: y", "events[0].title", 5, "duplicate key"),
    ("venue: 달빛소극장", "venue: 햇빛소극장", "events[0].venue", 12, "'햇빛소극장'"),
    ("layout: small", "layout: large", "events[0].layout", 13, "no layout of the name 'large'"),
    ("T19:30:00+09:00", " 19:30:00", "events[0].starts_at", 16, "without its offset"),
    ("2026-12-24T", "2026-02-30T", "events[0].starts_at", 16, "day"),
    ("2026-12-24T", "1999-12-24T", "events[0].starts_at", 16, "outside the years"),
    ("2026-12-24T19:30:00+09:00", "start", "events[0].starts_at", 16, "from the start"),
    ("2026-12-24T19:30:00+09:00", "tomorrow", "events[0].starts_at", 16, "no moment"),
    ("2026-12-24T19:30:00+09:00", "+99999w", "events[0].starts_at", 16, "outside the years"),
    ("sale_opens_at: now", "sale_opens_at: +9w", "events[0].sale_opens_at", 20, "not before"),
    ("sale_opens_at: now", "sale_opens_at: now\n    sale_closes_at: -1h",
     "events[0].sale_opens_at", 20, "not before"),
    ("until: start-24h", "until: whenever", "events[0].refund_policy.until", 28, "no moment"),
    ("percent: 90", "percent: 101", "events[0].refund_policy.percent", 48, "at most 100"),
    ("    currency: KRW\n    tiers", "    currency: WON\n    tiers", "events[0].currency", 15,
     "'KRW'"),
    ("capacity: 100}\n", "capacity: 100001}\n", "events[0].tiers[0].capacity", 50, "100,000"),
    ("name: standing,", "name: VIP,", "events[0].tiers[0].name", 16, "section of the layout"),
    ("seats_per_order: 2", "seats_per_order: 5", "events[0].limits.seats_per_order", 31,
     "more than seats_per_user"),
    ("rate_per_minute: 60", "mode: lottery", "events[0].queue.mode", 34, "'fifo' or 'draw'"),
    ("rate_per_minute: 60", "enabled: yes", "events[0].queue.enabled", 37, "true or false"),
    ("version: 1", "version: 2", "version", 10, "expected 1"),
    ("version: 1", "halls: []", "halls", 1, "known are version, venues, layouts, events"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "column", "reason"), MISTAKES)
def test_mistake_names_its_line(old, new, path, column, reason):
    text, line = spoil(old, new)
    line += "duplicate" in reason
    problems = problems_of(text)
    found = [each for each in problems if each.line == line]
    assert found, problems
    assert found[0].path == path
    assert reason in found[0].reason
    if column:
        assert found[0].column == column
    # A wrong field may leave the right one missing, and nothing else follows from a mistake.
    assert all(each.reason.startswith("required") for each in problems if each != found[0])


def test_good_catalogue_is_read_whole():
    catalogue = read(GOOD)
    assert [section.name for section in catalogue.layouts[0].sections] == ["VIP", "101"]
    assert catalogue.events[0].title == "첫날 밤"


def test_missing_field_points_at_what_misses_it():
    text, line = spoil("    sale_opens_at: now\n", "")
    (problem,) = problems_of(text)
    assert (problem.line, problem.column) == (18, 5)
    assert line == 23
    assert problem.path == "events[0].sale_opens_at"
    assert problem.reason == "required, but missing"


def test_all_mistakes_of_a_file_come_at_once_in_its_order():
    text = GOOD.replace("Asia/Seoul", "Mars/Olympus").replace("name: VIP", "name: vip")
    text = text.replace("layout: small", "layout: big").replace("seats: 5", "seats: -5")
    paths = [problem.path for problem in problems_of(text)]
    assert paths == [
        "venues[0].timezone",
        "layouts[0].sections[0].name",
        "layouts[0].sections[1].rows[1].seats",
        "events[0].layout",
    ]


def test_problems_are_bounded_and_the_rest_counted():
    sections = "".join(f"      - {{name: s{n}, rows: 1, seats_per_row: 1}}\n" for n in range(80))
    text = GOOD.replace("    sections:\n", "    sections:\n" + sections)
    with pytest.raises(CatalogueInvalid) as caught:
        read(text)
    lines = str(caught.value).splitlines()
    assert len(lines) == 51
    assert lines[0].startswith("c.yaml:10:16: layouts[0].sections[0].name: expected")
    assert lines[-1] == "c.yaml: and 30 more"
