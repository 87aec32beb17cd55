"""The catalogue's JSON Schema, for editors and other programs, from the models themselves."""

import json
from typing import Any

from tiketi.admin.catalogue.models import Catalogue

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def catalogue_schema() -> dict[str, Any]:
    """The schema in the 2020-12 dialect, closed wherever the models are."""
    schema = Catalogue.model_json_schema()
    title = "Tiketi catalogue"
    return {"$schema": _DIALECT, **_closed(schema), "title": title}


def schema_text() -> str:
    """What docs/catalogue.schema.json holds, byte for byte."""
    return json.dumps(catalogue_schema(), indent=2, ensure_ascii=False) + "\n"


def _closed(part: Any) -> Any:
    if isinstance(part, list):
        return [_closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    if "patternProperties" in closed:
        # pydantic leaves other keys open here, although it refuses them.
        closed.setdefault("additionalProperties", False)
    if isinstance(closed.get("title"), str) and "properties" not in closed:
        del closed["title"]  # the field's name over again
    return closed
