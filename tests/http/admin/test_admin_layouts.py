from tests.http.admin.house import HALL, made
from tiketi.kernel.ids import new_id

SEATS = [{"number": 1, "x": -0.5, "y": 0}, {"number": 2, "x": 0.5, "y": 0, "accessible": True}]


async def test_a_counted_layout_is_answered_as_it_was_given(organizer):
    layout = made(await organizer.post("/layouts", HALL))
    assert layout["capacity"] == 30
    assert layout["owner_id"] == organizer.id
    first, second = layout["sections"]
    assert first == {**HALL["sections"][0], "title": None, "start_row": 1, "focal_point": None}
    assert second == {**HALL["sections"][1], "start_row": 1, "focal_point": None}
    again = await organizer.get(f"/layouts/{layout['id']}")
    assert (again.status_code, again.json()) == (200, layout)


async def test_a_section_says_where_its_best_seats_are(organizer):
    sections = [{**HALL["sections"][0], "focal_point": {"x": -1.5, "y": 0}}]
    layout = made(await organizer.post("/layouts", {"name": "Hall", "sections": sections}))
    assert layout["sections"][0]["focal_point"] == {"x": -1.5, "y": 0}
    far = [{**HALL["sections"][0], "focal_point": {"x": 1e9, "y": 0}}]
    refused = await organizer.post("/layouts", {"name": "Hall", "sections": far})
    assert refused.json()["errors"][0]["loc"] == ["body", "sections", 0, "focal_point"]


async def test_a_layout_may_name_each_seat_with_its_place(organizer):
    sections = [{"name": "B1", "price": 10, "rows": [{"name": "AA", "seats": SEATS}]}]
    layout = made(await organizer.post("/layouts", {"name": "Small", "sections": sections}))
    assert layout["capacity"] == 2
    (row,) = layout["sections"][0]["rows"]
    assert row["name"] == "AA"
    assert row["seats"][1] == {
        "number": 2,
        "x": 0.5,
        "y": 0,
        "accessible": True,
        "companion": False,
    }
    # What is answered may be put back as it is.
    body = {"name": layout["name"], "sections": layout["sections"]}
    put = await organizer.put(f"/layouts/{layout['id']}", body)
    assert put.status_code == 200, put.text
    assert put.json()["sections"] == layout["sections"]


WRONG_SECTIONS = [
    ({"name": "vip"}, "name"),
    ({"name": "ABCDEFGHIJKLM"}, "name"),
    ({"rows": 0}, "rows"),
    ({"rows": 201}, "rows"),
    ({"rows": "2"}, "rows"),
    ({"rows": []}, "rows"),
    ({"rows": [{"name": "A", "seats": []}], "seats_per_row": None}, "seats"),
    ({"rows": [{"name": "a-b", "seats": SEATS}], "seats_per_row": None}, "name"),
    ({"rows": [{"name": "A", "seats": [SEATS[0], SEATS[0]]}], "seats_per_row": None}, "number"),
    ({"rows": [{"name": "A", "seats": SEATS}]}, "rows"),
    ({"seats_per_row": None}, "seats_per_row"),
    ({"seats_per_row": 1_001}, "seats_per_row"),
    ({"start_row": 0}, "start_row"),
    ({"price": -1}, "price"),
    ({"price": 10**12 + 1}, "price"),
    ({"price": 1.5}, "price"),
    ({"price": None}, "price"),
    ({"colour": "red"}, "colour"),
]
WRONG_LAYOUTS = [
    {"sections": HALL["sections"]},
    {"name": "", "sections": HALL["sections"]},
    {"name": "Hall", "sections": []},
    {"name": "Hall", "sections": [HALL["sections"][0], HALL["sections"][0]]},
    {"name": "Hall", "sections": HALL["sections"], "extra": 1},
    {
        "name": "Too large",
        "sections": [
            {"name": f"S{n}", "rows": 200, "seats_per_row": 500, "price": 1} for n in (1, 2)
        ],
    },
    {"name": "x" * 201, "sections": HALL["sections"]},
]


async def test_a_wrong_section_is_refused_by_its_place(organizer):
    passed = []
    for section, field in WRONG_SECTIONS:
        body = {"name": "Hall", "sections": [{**HALL["sections"][0], **section}]}
        answer = await organizer.post("/layouts", body)
        errors = answer.json().get("errors", [])
        if answer.status_code != 422 or not any(field in error["loc"] for error in errors):
            passed.append((section, answer.text))
    assert passed == []


async def test_a_wrong_layout_is_refused(organizer):
    for body in WRONG_LAYOUTS:
        answer = await organizer.post("/layouts", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), body


async def test_a_layout_is_changed_and_the_events_made_from_it_are_not(organizer, client):
    event = await organizer.make_event(publish=True)
    smaller = {"name": "Smaller", "sections": HALL["sections"][:1]}
    answer = await organizer.put(f"/layouts/{event['layout_id']}", smaller)
    assert (answer.status_code, answer.json()["capacity"]) == (200, 10)
    seats = await client.get(f"/events/{event['id']}/seats")
    assert [section["id"] for section in seats.json()["sections"]] == ["VIP", "A"]


async def test_a_layout_that_an_event_names_is_not_deleted(organizer):
    event = await organizer.make_event()
    path = f"/layouts/{event['layout_id']}"
    refused = await organizer.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "layout_in_use")
    assert (await organizer.delete(f"/events/{event['id']}")).status_code == 204
    assert (await organizer.delete(path)).status_code == 204
    assert (await organizer.get(path)).status_code == 404


async def test_another_organizers_layout_reads_like_an_unknown_one(organizer, rival, admin):
    layout = await organizer.make_layout()
    for method in (rival.get, rival.delete):
        foreign = (await method(f"/layouts/{layout['id']}")).json()
        unknown = (await method(f"/layouts/{new_id()}")).json()
        assert foreign["status"] == 404
        assert {**foreign, "request_id": ""} == {**unknown, "request_id": ""}
    assert (await rival.put(f"/layouts/{layout['id']}", HALL)).status_code == 404
    assert (await rival.get("/layouts")).json()["items"] == []
    assert (await admin.get(f"/layouts/{layout['id']}")).status_code == 200


async def test_the_houses_layouts_are_used_by_every_organizer_and_changed_by_admins(
    organizer, admin
):
    layout = await admin.make_layout()
    assert layout["owner_id"] is None
    assert (await organizer.get(f"/layouts/{layout['id']}")).status_code == 200
    await organizer.make_event(layout_id=layout["id"])
    assert (await organizer.put(f"/layouts/{layout['id']}", HALL)).status_code == 404
    assert (await organizer.delete(f"/layouts/{layout['id']}")).status_code == 404
    assert (await admin.put(f"/layouts/{layout['id']}", HALL)).status_code == 200


async def test_layouts_come_in_pages_the_newest_first(organizer):
    names = ["one", "two", "three"]
    for name in names:
        await organizer.make_layout(name=name)
    first = (await organizer.get("/layouts?limit=2")).json()
    assert [layout["name"] for layout in first["items"]] == ["three", "two"]
    second = (await organizer.get(f"/layouts?limit=2&cursor={first['next_cursor']}")).json()
    assert [layout["name"] for layout in second["items"]] == ["one"]
    assert second["next_cursor"] is None
    assert (await organizer.get("/layouts?cursor=nonsense")).status_code == 422


async def test_a_body_over_64_kib_is_refused_as_such(organizer):
    answer = await organizer.post("/layouts", {**HALL, "name": "x" * 70_000})
    assert answer.status_code == 413
