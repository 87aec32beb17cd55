import pytest

from tiketi.infra.http.table import Table


@pytest.fixture
def table():
    table: Table[str] = Table()
    for path in (
        "/",
        "/events",
        "/events/{event_id}",
        "/events/{event_id}/seats",
        "/events/export",
        "/{kind}/export/all",
        "/locks/{lock_id}",
    ):
        table.add(path, path)
    return table


@pytest.mark.parametrize(
    ("path", "target", "parameters"),
    [
        ("/", "/", {}),
        ("/events", "/events", {}),
        ("/events/7", "/events/{event_id}", {"event_id": "7"}),
        ("/events/7/seats", "/events/{event_id}/seats", {"event_id": "7"}),
        ("/events/export", "/events/export", {}),
        ("/events/export/seats", "/events/{event_id}/seats", {"event_id": "export"}),
        ("/events/export/all", "/{kind}/export/all", {"kind": "events"}),
        ("/locks/ ", "/locks/{lock_id}", {"lock_id": " "}),
    ],
)
def test_a_path_leads_to_its_target_a_fixed_segment_first(table, path, target, parameters):
    assert table.find(path) == (target, parameters)


@pytest.mark.parametrize(
    "path",
    ["", "*", "events", "/events/", "/events//seats", "/events/7/seats/", "//", "/a" * 9_000],
)
def test_another_path_leads_nowhere(table, path):
    assert table.find(path) is None
