"""Run by pretix's own Python: what it sells, printed as JSON. Arguments: the events.

Each event has one paid item without tax, of more than are sold in a round.
"""

import json
import os
import sys
from datetime import timedelta
from decimal import Decimal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pretix.settings")

import django

django.setup()

from django.utils.timezone import now  # noqa: E402 # Django first
from django_scopes import scopes_disabled  # noqa: E402 # Django first
from pretix.base.models import Event, Organizer  # noqa: E402 # Django first

QUOTA = 100_000
PRICE = 30_000


def open_event(organizer: Organizer, slug: str) -> int:
    """Its item's id."""
    event = Event.objects.create(
        organizer=organizer,
        name="Benchmark",
        slug=slug,
        currency="KRW",
        live=True,
        date_from=now() + timedelta(days=30),
        plugins="pretix.plugins.manualpayment",
    )
    item = event.items.create(name="Standing", default_price=Decimal(PRICE), admission=True)
    event.quotas.create(name="All", size=QUOTA).items.add(item)
    return int(item.pk)


def main(events: list[str]) -> None:
    organizer = Organizer.objects.create(name="Benchmark", slug="bench")
    items = {slug: open_event(organizer, slug) for slug in events}
    team = organizer.teams.create(
        name="Benchmark",
        all_events=True,
        all_event_permissions=True,
        all_organizer_permissions=True,
    )
    token = team.tokens.create(name="Benchmark").token
    print(json.dumps({"organizer": organizer.slug, "token": token, "items": items}))


with scopes_disabled():
    main(sys.argv[1:])
