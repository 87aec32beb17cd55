"""The codes that an event's tiers and its presale are sold with."""

from tiketi.admin.domain import EventDraft
from tiketi.events import api as events
from tiketi.events.api import AccessCodes, CodeFor, Event, EventPublished, NewCode, Tier
from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid


async def set_codes(tx: Tx, runtime: Runtime, event: Event, draft: EventDraft) -> Event:
    """A draft's codes as it says; the event with them. Invalid for a section that it has not."""
    sections = {tier.section for tier in event.tiers}
    for name in draft.access_codes:
        if name not in sections:
            raise Invalid.at(("body", "access_codes", name), "is not a section of the layout")
    given = [(_given(draft, tier), tier.id) for tier in event.tiers]
    await events.drop_codes(tx, event.id, CodeFor.TIER)
    codes = [NewCode(code, CodeFor.TIER, tier_id) for code, tier_id in given if code is not None]
    await events.add_codes(tx, event.id, codes)
    return await set_presale(tx, runtime, event, draft)


async def set_presale(tx: Tx, runtime: Runtime, event: Event, draft: EventDraft) -> Event:
    """The presale, which may change at any time; the event with it."""
    if not draft.keeps_presale:
        await events.set_presale(tx, event.id, draft.presale)
    runtime.one(AccessCodes).forget_after(tx, event.id)
    return await events.get_event(tx, event.id)


async def check_published_codes(reader: Reader, event: Event, draft: EventDraft) -> None:
    """EventPublished where the draft gives a tier another code than it was published with."""
    codes = await events.list_codes(reader, event.id, CodeFor.TIER)
    known = {code.subject_id: code.code for code in codes}
    for tier in event.tiers:
        if _given(draft, tier) not in (None, known.get(tier.id)):
            raise EventPublished("Once published, the access codes of tiers do not change.")


def _given(draft: EventDraft, tier: Tier) -> str | None:
    if tier.section is not None:
        return draft.access_codes.get(tier.section)
    return next((each.access_code for each in draft.tiers if each.name == tier.name), None)
