"""What haproxy answers by itself: the same problem documents that the services write."""

import orjson

from tiketi.infra.http.errors import UnknownApiVersion
from tiketi.infra.http.router import SUPPORTED_VERSIONS
from tiketi.infra.problem import MEDIA_TYPE, TYPE_PREFIX, problem_document
from tiketi.kernel.errors import NotFound, TiketiError, Unavailable

_REQUEST_ID = "%[var(txn.request_id)]"
_RETRY_AFTER_SECONDS = 2
# haproxy's own: what it could not read, and what no task answered.
_TITLES = {
    400: ("malformed_request", "Malformed request"),
    408: ("request_timeout", "Request timeout"),
    502: ("bad_gateway", "Bad gateway"),
    503: (Unavailable.code, Unavailable.title),
    504: ("gateway_timeout", "Gateway timeout"),
}


def not_found() -> list[str]:
    """For a path or host that no rule is for."""
    supported = list(SUPPORTED_VERSIONS)
    unknown = UnknownApiVersion("There is no such version of this API.", supported=supported)
    known = " ".join(f"/api/{version}/" for version in supported)
    return [
        "http-request set-var(txn.request_id) uuid()",
        f"acl known path_beg {known}",
        f"{_return(unknown)} if {{ path_reg ^/api/v[0-9]+(/|$) }} !known",
        _return(NotFound()),
    ]


def fixed_answers() -> list[str]:
    """`http-error` lines, in the order of the status."""
    lines = []
    for status, (code, title) in _TITLES.items():
        body = {
            "type": TYPE_PREFIX + code,
            "title": title,
            "status": status,
            "detail": title + ".",
            "code": code,
        }
        retry = f" hdr Retry-After {_RETRY_AFTER_SECONDS}" if status in (502, 503, 504) else ""
        lines.append(
            f"http-error status {status} content-type {MEDIA_TYPE.decode()}"
            f" string {_quoted(body)}{retry} hdr Cache-Control no-store"
        )
    return lines


def _return(error: TiketiError) -> str:
    body = problem_document(error, _REQUEST_ID)
    return (
        f"http-request return status {body['status']} content-type {MEDIA_TYPE.decode()}"
        f" lf-string {_quoted(body)} hdr Cache-Control no-store hdr X-Request-Id {_REQUEST_ID}"
    )


def _quoted(body: dict[str, object]) -> str:
    text = orjson.dumps(body).decode()
    if "'" in text:
        raise ValueError(f"haproxy's strong quotes have no escape: {text}")
    return f"'{text}'"
