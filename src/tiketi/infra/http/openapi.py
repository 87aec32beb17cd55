"""OpenAPI 3.1 from the endpoints themselves: nothing is described twice."""

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

import tiketi
from tiketi.infra.http.errors import (
    BodyTooLarge,
    BodyTooSlow,
    IdempotencyInProgress,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    RateLimited,
    UnsupportedMediaType,
)
from tiketi.infra.http.routes import Access, Endpoint
from tiketi.infra.problem import status_of
from tiketi.infra.rate_limit import Limit
from tiketi.kernel.errors import Forbidden, Invalid, NotFound, TiketiError, Unauthenticated
from tiketi.kernel.errors import Unavailable as StoreAway

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"{(\w+)}")
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
_OPERATIONS = {
    "/health": "Liveness; touches no dependency.",
    "/health/ready": "Readiness; names each dependency.",
    "/metrics": "Prometheus metrics.",
    "/openapi.json": "This document.",
}

_Models = dict[tuple[Any, JsonSchemaMode], dict[str, Any]]


def build_document(service: str, endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document of a service."""
    models = sorted(_models(endpoints), key=lambda pair: (pair[0].__name__, pair[1]))
    references, definitions = models_json_schema(models, ref_template=_REF)
    schemas: dict[str, Any] = definitions.get("$defs", {})
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        item = paths.setdefault(f"/api/v1{endpoint.path}", {})
        item[endpoint.method.lower()] = _operation(endpoint, references, schemas)
    for path, summary in _OPERATIONS.items():
        answer = {"200": {"description": "OK"}}
        if path == "/health/ready":
            answer["503"] = {"description": "A dependency is away."}
        paths[path] = {
            "get": {
                "summary": summary,
                "operationId": path.strip("/").replace("/", "_").replace(".", "_"),
                "responses": answer,
                "tags": ["operations"],
            }
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Tiketi {service}", "version": tiketi.__version__},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM},
            "securitySchemes": {
                "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "queue_receipt": {"type": "apiKey", "in": "header", "name": "Queue-Receipt"},
            },
        },
    }


def _models(endpoints: Iterable[Endpoint]) -> set[tuple[type[BaseModel], JsonSchemaMode]]:
    found: set[tuple[type[BaseModel], JsonSchemaMode]] = set()
    for endpoint in endpoints:
        if endpoint.body is not None:
            found.add((endpoint.body, "validation"))
        if endpoint.query is not None:
            found.add((endpoint.query, "validation"))
        if _is_model(endpoint.answer):
            found.add((endpoint.answer, "serialization"))
    return found


def _operation(endpoint: Endpoint, references: _Models, schemas: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = (getdoc(endpoint.handler) or endpoint.name).partition("\n")
    operation: dict[str, Any] = {
        "summary": summary,
        "operationId": f"{endpoint.module}_{endpoint.name}",
        "tags": [endpoint.module],
        "parameters": _parameters(endpoint, references, schemas),
        "responses": _responses(endpoint, references),
    }
    if description.strip():
        operation["description"] = description.strip()
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": not endpoint.body_optional,
            "content": {"application/json": {"schema": references[endpoint.body, "validation"]}},
        }
    if endpoint.access is not Access.PUBLIC:
        receipt: list[dict[str, Any]] = [{"queue_receipt": []}] if endpoint.takes_receipt else []
        operation["security"] = [{"access_token": []}, *receipt]
    return operation


def _parameters(
    endpoint: Endpoint, references: _Models, schemas: dict[str, Any]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", **({"format": "uuid"} if name.endswith("_id") else {})},
        }
        for name in _PARAMETER.findall(endpoint.path)
    ]
    if endpoint.idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        found.append(_header("Idempotency-Key", schema, required=True))
    if endpoint.queue_pass:
        found.append(_header("Queue-Pass", {"type": "string"}, required=False))
    if endpoint.query is not None:
        # As it stands among the components, so that what it refers to is found there too.
        model = schemas[references[endpoint.query, "validation"]["$ref"].rpartition("/")[2]]
        found.extend(
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in model.get("properties", {}).items()
        )
    return found


def _header(name: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": schema}


def _responses(endpoint: Endpoint, references: _Models) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(endpoint.status).phrase}
    if _is_model(endpoint.answer):
        schema = references[endpoint.answer, "serialization"]
        success["content"] = {"application/json": {"schema": schema}}
    elif isinstance(endpoint.answer, str):
        success["content"] = {endpoint.answer: {"schema": {"type": "string"}}}
    responses = {str(endpoint.status): success}
    by_status: dict[int, list[str]] = {}
    for error in _errors(endpoint):
        by_status.setdefault(status_of(error), []).append(error.code)
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, codes in sorted(by_status.items()):
        described = ", ".join(f"`{code}`" for code in dict.fromkeys(codes))
        responses[str(status)] = {"description": described, "content": problem}
    return responses


def _errors(endpoint: Endpoint) -> list[type[TiketiError]]:
    found: list[type[TiketiError]] = [StoreAway]
    if endpoint.limit is not Limit.NONE:
        found.append(RateLimited)
    if endpoint.access is not Access.PUBLIC:
        found.append(Unauthenticated)
    if endpoint.access not in (Access.PUBLIC, Access.USER):
        found.append(Forbidden)
    if _PARAMETER.search(endpoint.path):
        found.append(NotFound)
    if endpoint.writes:
        found.append(BodyTooLarge)
    if endpoint.body is not None:
        found += [UnsupportedMediaType, MalformedJson, BodyTooSlow]
    if endpoint.body is not None or endpoint.query is not None:
        found.append(Invalid)
    if endpoint.idempotent:
        found += [IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInProgress]
    return [*found, *endpoint.errors]


def _is_model(answer: Any) -> bool:
    return isinstance(answer, type) and issubclass(answer, BaseModel)
