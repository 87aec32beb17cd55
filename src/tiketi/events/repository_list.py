"""Lists of events in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from tiketi.events.domain import EventStatus, EventSummary, Venue
from tiketi.events.listing import EventFilter, EventSort, Position
from tiketi.events.search import terms_of
from tiketi.infra.postgres import Reader

# How alike a word and its misspelling must be: Clodplay and Coldplay are 0.44, love and live 0.40.
WORD_SIMILARITY_MIN = 0.42
# A shorter word resembles too much.
FORGIVEN_LETTERS_MIN = 4
# Words run together must agree as a whole: not only the longest of them.
JOINED_SIMILARITY_MIN = 0.65
# The operator `<%` compares with this setting, and only the operator uses the index.
_SET_SIMILARITY = text(
    "SELECT set_config('pg_trgm.word_similarity_threshold', CAST(:threshold AS text), false)"
)

# What Event.status says, in SQL.
STATUS = """
    CASE
        WHEN e.cancelled_at IS NOT NULL THEN 'cancelled'
        WHEN e.published_at IS NULL THEN 'draft'
        WHEN CAST(:now AS timestamptz) >= e.sale_closes_at THEN 'ended'
        WHEN CAST(:now AS timestamptz) < e.sale_opens_at THEN 'upcoming'
        WHEN e.sold_out THEN 'sold_out'
        ELSE 'on_sale'
    END"""
_SELECT = f"""
    SELECT e.id, e.organizer_id, e.title, e.artist, e.venue, e.starts_at, e.sale_opens_at,
        e.sale_closes_at, {STATUS} AS status, e.currency, e.poster_url, e.queue_enabled,
        prices.price_minor_min, prices.price_minor_max
    FROM events.event AS e
    LEFT JOIN LATERAL (
        SELECT min(price_minor) AS price_minor_min, max(price_minor) AS price_minor_max
        FROM events.tier WHERE event_id = e.id) AS prices ON true"""  # noqa: S608 # constants


async def list_summaries(
    reader: Reader,
    wanted: EventFilter,
    *,
    forgiving: bool,
    sort: EventSort,
    after: Position | None,
    limit: int,
    now: datetime,
) -> list[EventSummary]:
    """At most ``limit`` events after the position, in order of the sort key and the id.

    The query's words are parts of the text or, when ``forgiving``, only resemble such.
    """
    conditions, params = _conditions(wanted)
    if wanted.query:
        condition, terms = _search(terms_of(wanted.query), forgiving=forgiving)
        conditions.append(condition)
        params |= terms
    if after is not None:
        sign = "<" if sort.is_descending else ">"
        conditions.append(f"(e.{sort.column}, e.id) {sign} (:after_moment, :after_id)")
        params |= {"after_moment": after.moment, "after_id": after.event_id}
    direction = "DESC" if sort.is_descending else "ASC"
    if forgiving:
        await reader.execute(_SET_SIMILARITY, {"threshold": str(WORD_SIMILARITY_MIN)})
    # Every part is a constant of this file; what the caller sent are parameters.
    statement = text(
        f"{_SELECT} WHERE {' AND '.join(conditions)}"
        f" ORDER BY e.{sort.column} {direction}, e.id {direction} LIMIT :limit"
    )
    rows = await reader.execute(statement, {**params, "now": now, "limit": limit})
    return [_summary(dict(row)) for row in rows.mappings()]


def _conditions(wanted: EventFilter) -> tuple[list[str], dict[str, Any]]:
    conditions, params = ["true"], dict[str, Any]()
    if wanted.visible_only:
        conditions.append("e.published_at IS NOT NULL")
    if wanted.status is not None:
        conditions.append(f"{STATUS} = :status")
        params["status"] = wanted.status.value
    if wanted.starts_from is not None:
        conditions.append("e.starts_at >= :starts_from")
        params["starts_from"] = wanted.starts_from
    if wanted.starts_to is not None:
        conditions.append("e.starts_at <= :starts_to")
        params["starts_to"] = wanted.starts_to
    if wanted.organizer_id is not None:
        conditions.append("e.organizer_id = :organizer_id")
        params["organizer_id"] = wanted.organizer_id
    return conditions, params


def _search(terms: tuple[str, ...], *, forgiving: bool) -> tuple[str, dict[str, Any]]:
    """All of the query as one word, or each of its words: as a part of the text, or, if forgiving
    and long enough, resembling one.

    Each condition is one look into the trigram index; with many the planner would rather compare
    with every row, which costs a hundred times as much as it believes.
    """
    if not terms:
        return "false", {}
    params: dict[str, Any] = {}
    words: list[str] = []
    for number, term in enumerate(terms):
        if forgiving and len(term) >= FORGIVEN_LETTERS_MIN:
            params[f"term{number}"] = term
            words.append(f":term{number} <% e.search_text")
        else:
            # Folded terms have letters and digits only, so there is nothing to escape.
            params[f"term{number}"] = f"%{term}%"
            words.append(f"e.search_text LIKE :term{number}")
    joined, *each = words
    if len(each) == 1:
        del params["term1"]
        return joined, params
    if forgiving and len(terms[0]) >= FORGIVEN_LETTERS_MIN:
        params["joined_min"] = JOINED_SIMILARITY_MIN
        joined = f"({joined} AND word_similarity(:term0, e.search_text) >= :joined_min)"
    return f"({joined} OR ({' AND '.join(each)}))", params


def _summary(row: dict[str, Any]) -> EventSummary:
    return EventSummary(
        **{**row, "venue": Venue(**row["venue"]), "status": EventStatus(row["status"])}
    )
