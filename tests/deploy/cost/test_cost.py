"""Figures that can be reckoned by hand, and the command that shows them."""

import csv
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from deploy.__main__ import app
from deploy.cost.bill import HOURS_A_MONTH, month_bill, task_hour
from deploy.cost.design import DESIGN_REGION, figures
from deploy.cost.nodes import SIZES, cheapest_nodes, pack
from deploy.cost.onsale import OnSale, onsale_bill
from deploy.cost.options import Option, break_evens, crossing_hours, options
from deploy.cost.prices import Prices, UnknownPrice, read_prices
from deploy.environment import ENVIRONMENTS
from deploy.kubernetes.containers import CPU_REQUEST_SHARE
from tiketi.services.registry import SERVICES, get_service

PROD = ENVIRONMENTS["prod"]
PRICES = Prices(PROD.region)


def run(*arguments):
    return CliRunner().invoke(app, ["cost", *arguments], env={"COLUMNS": "120"})


def test_every_price_has_a_source_a_date_and_how_sure_it_is():
    prices = read_prices()
    assert len({(price.item, price.region) for price in prices}) == len(prices)
    for price in prices:
        assert price.source, price.item
        assert price.as_of.startswith("20"), price.item
        assert 0 < price.usd < 100, price.item


@pytest.mark.parametrize("region", ["ap-northeast-2", "us-east-1"])
@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=list(ENVIRONMENTS))
def test_both_regions_have_all_that_a_bill_needs(environment, region):
    prices = Prices(region)
    assert month_bill(SERVICES, environment, prices)
    assert options(SERVICES, environment, prices)
    assert onsale_bill(OnSale(1_000, 1), SERVICES, environment, prices, "hypercorn")


def test_a_month_of_a_task_is_its_cores_and_its_memory():
    lines = {line.name: line for line in month_bill(SERVICES, PROD, PRICES)}
    hour = 2 * 0.04656 + 4 * 0.00511
    assert task_hour(get_service("event"), PRICES) == pytest.approx(hour)
    assert lines["event"].idle == pytest.approx(2 * hour * 730)
    assert lines["event"].peak == pytest.approx(20 * hour * 730)
    assert lines["ElastiCache"].idle == pytest.approx(12 * 0.493 * 730 + 8.5)


def test_another_size_arrives_in_the_bill():
    grown = tuple(
        replace(service, vcpu=4, tasks_max=40) if service.name == "event" else service
        for service in SERVICES
    )
    before = {line.name: line for line in month_bill(SERVICES, PROD, PRICES)}
    after = {line.name: line for line in month_bill(grown, PROD, PRICES)}
    added = 2 * 2 * 0.04656 * HOURS_A_MONTH
    assert after["event"].idle - before["event"].idle == pytest.approx(added)
    assert "2 to 40 x 4 vCPU" in after["event"].what


def test_two_of_the_designs_figures_are_right_and_two_are_not():
    found = {figure.name: figure for figure in figures(get_service("event"), Prices(DESIGN_REGION))}
    assert {name: figure.agrees for name, figure in found.items()} == {
        "event service": False,
        "EKS": False,
        "Aurora": True,
        "ElastiCache": True,
    }
    assert [figure.stated for figure in found.values()] == [162.36, 264.19, 1138.02, 1641.46]
    for figure in found.values():
        assert figure.verdict.startswith("reproduced" if figure.agrees else "not reproduced")


def test_pods_are_packed_by_cores_and_by_memory():
    assert pack([(8, 16)] * 4, cores=16, gib=64) == 2
    assert pack([(8, 16)] * 4, cores=16, gib=24) == 4
    assert pack([(8, 16), (4, 8), (4, 8)], cores=16, gib=64) == 1
    with pytest.raises(ValueError, match="fits on no node"):
        pack([(32, 16)], cores=16, gib=64)


def test_nodes_have_room_for_every_task_and_little_more():
    tasks = {service.name: service.tasks_min for service in SERVICES}
    nodes = cheapest_nodes(tasks, SERVICES, PRICES, HOURS_A_MONTH)
    cores = sum(service.vcpu * tasks[service.name] for service in SERVICES)
    room = nodes.count * SIZES[nodes.kind][0]
    assert cores * CPU_REQUEST_SHARE < room < cores * 1.5


def test_where_two_ways_cost_the_same_is_where_it_is_said_to_be():
    cheap_floor, cheap_surge = Option("a", 100, 10), Option("b", 150, 5)
    hours = crossing_hours(cheap_floor, cheap_surge)
    assert hours == 10
    assert cheap_floor.month(hours) == cheap_surge.month(hours)
    assert crossing_hours(Option("a", 100, 5), Option("b", 150, 10)) is None
    assert any("584 of 730" in even.answer for even in break_evens(SERVICES, PROD, PRICES))


def test_a_larger_audience_and_longer_hours_cost_more():
    def together(onsale):
        return sum(c.usd for c in onsale_bill(onsale, SERVICES, PROD, PRICES, "hypercorn"))

    small = together(OnSale(10_000, 10))
    assert small < together(OnSale(1_000_000, 10)) < together(OnSale(1_000_000, 20))


def test_the_queue_gets_the_tasks_of_the_capacity_plan():
    costs = {
        c.name: c for c in onsale_bill(OnSale(1_000_000, 10), SERVICES, PROD, PRICES, "hypercorn")
    }
    assert costs["queue"].what == "35 more for 10 h"
    assert costs["queue"].usd == pytest.approx(35 * 10 * (4 * 0.04656 + 8 * 0.00511))


def test_the_command_shows_writes_and_draws(tmp_path):
    table, picture = tmp_path / "cost.csv", tmp_path / "cost.svg"
    result = run(
        *("--audience", "1000000", "--hours", "10"),
        *("--csv", str(table), "--chart", str(picture)),
    )
    assert result.exit_code == 0, result.output
    for words in ("1,138.02", "ECS, on demand", "1,000,000 people over 10 h", "not reproduced"):
        assert words in result.output
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert {row["section"].split()[0] for row in rows} == {
        *("services", "stores", "network", "options", "on-sale")
    }
    shown = ET.fromstring(picture.read_text("utf-8"))  # noqa: S314 # our own
    texts = [one.text for one in shown.iter("{http://www.w3.org/2000/svg}text")]
    assert {service.name for service in SERVICES} <= set(texts)


def test_a_region_without_prices_is_said_to_have_none():
    result = run("--region", "mars-1")
    assert result.exit_code == 2
    assert "mars-1" in result.output
    with pytest.raises(UnknownPrice):
        Prices("mars-1")["fargate.vcpu"]
