"""What an organizer keeps back or sells with a code, and those who wait."""

import pytest
from sqlalchemy import text

from tests.http.admin.house import hire, made
from tests.support.selling import order, states
from tests.support.waiting_list import Waiter, broken, serve
from tiketi.kernel.actor import Role

CODE = "fans only"


@pytest.fixture
async def organizer(client):
    return await hire(client, Role.ORGANIZER, "organizer")


async def test_what_an_allotment_releases_goes_to_the_waiting_list_first(client, organizer):
    sections = [{"name": "A", "rows": 1, "seats_per_row": 4, "price": 10_000}]
    layout = await organizer.make_layout(sections=sections)
    tiers = [{"name": "Standing", "price": 5_000, "kind": "general", "capacity": 2}]
    event = await organizer.make_event(publish=True, layout_id=layout["id"], tiers=tiers)
    tier_id = event["tiers"][-1]["id"]
    path = f"/events/{event['id']}/allotments"
    body = {"name": "House", "sections": ["A"], "general": [{"tier_id": tier_id, "quantity": 2}]}
    kept = made(await organizer.post(path, body))
    party = await Waiter(client, event["id"]).wait(4)
    pair = await Waiter(client, event["id"]).wait(2, tier_ids=[tier_id])
    assert (await organizer.post(f"{path}/{kept['id']}/release")).status_code == 200
    assert await states(client.runtime, event["id"]) == "bbbb"
    await serve(client.runtime)
    assert await party.offered() == ["A-1-1", "A-1-2", "A-1-3", "A-1-4"]
    assert (await pair.look())["offer"]["general"] == {tier_id: 2}
    assert await broken(client.runtime) == []
    # Offers are nobody's allotments to see or to release.
    listed = (await organizer.get(path)).json()["items"]
    assert [each["name"] for each in listed] == ["House"]
    async with client.runtime.database.latest() as reader:
        offers = await reader.execute(
            text("SELECT id FROM seats.allotment WHERE purpose <> 'sale'")
        )
        for offer_id in offers.scalars():
            assert (await organizer.get(f"{path}/{offer_id}")).status_code == 404
            assert (await organizer.post(f"{path}/{offer_id}/release")).status_code == 404


async def test_nobody_waits_without_the_code_for_a_tier_that_is_sold_with_one(client, organizer):
    tiers = [
        {"name": "Open", "price": 5_000, "kind": "general", "capacity": 1},
        {"name": "Fans", "price": 5_000, "kind": "general", "capacity": 1, "access_code": CODE},
    ]
    event = await organizer.make_event(publish=True, layout_id=None, tiers=tiers)
    open_id, coded_id = (tier["id"] for tier in event["tiers"])
    wanted = [{"tier_id": open_id, "quantity": 1}]
    assert (await order(client, event["id"], general=wanted)).status_code == 201
    answer = await Waiter(client, event["id"]).ask(tier_ids=[coded_id])
    assert (answer.status_code, answer.json()["code"]) == (403, "access_code_required")
    # Any tier is any of those that are sold without.
    await Waiter(client, event["id"]).wait()
