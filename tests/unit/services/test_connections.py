"""Every service at its most: the connections fit into the server, and the documents say so."""

from pathlib import Path

from tiketi.services.connections import (
    MAX_CONNECTIONS_PLANNED,
    RESERVED_CONNECTIONS,
    count_connections,
    needs_proxy,
)
from tiketi.services.registry import SERVICES, get_service
from tiketi.settings import Settings

URL = "postgresql://writer/tiketi"
PRODUCTION = Settings(
    _env_file=None, database_url=URL, database_reader_url="postgresql://reader/tiketi"
)
DOCUMENT = Path(__file__).parents[3] / "docs" / "connections.md"


def test_at_its_most_the_fleet_fits_into_either_server():
    counted = count_connections(SERVICES, PRODUCTION)
    room = MAX_CONNECTIONS_PLANNED - RESERVED_CONNECTIONS
    assert counted.writer <= room
    assert counted.reader <= room
    assert not needs_proxy(counted.most_on_a_server(PRODUCTION), MAX_CONNECTIONS_PLANNED)


def test_no_process_commits_on_more_than_four_connections():
    assert max(service.pools.writer for service in SERVICES) <= 4
    assert get_service("reservation").pools.writer == 2


def test_one_server_for_both_bears_the_sum_and_would_need_a_proxy():
    alone = PRODUCTION.model_copy(update={"database_reader_url": None})
    counted = count_connections(SERVICES, alone)
    assert counted.most_on_a_server(alone) == counted.writer + counted.reader
    assert needs_proxy(counted.together, MAX_CONNECTIONS_PLANNED)


def test_settings_win_over_the_registry():
    settings = PRODUCTION.model_copy(update={"database_pool_max": 8, "database_reader_pool_max": 3})
    counted = {each.name: each for each in count_connections(SERVICES, settings).services}
    assert counted["reservation"].writer == 200 * 8 * 8
    assert counted["event"].reader == 20 * 2 * 3
    assert needs_proxy(counted["reservation"].writer, MAX_CONNECTIONS_PLANNED)


def test_the_document_has_the_table_as_computed():
    counted = count_connections(SERVICES, PRODUCTION)
    lines = DOCUMENT.read_text().splitlines()
    for each in counted.services:
        service = get_service(each.name)
        row = (
            f"| {each.name} | {service.tasks_max} \N{MULTIPLICATION SIGN} {service.vcpu} "
            f"| {each.processes:,} "
            f"| {service.pools.writer} · {service.pools.reader} "
            f"| {each.writer:,} | {each.reader:,} |"
        )
        assert row in lines, row
    assert f"| all | | | | {counted.writer:,} | {counted.reader:,} |" in lines
