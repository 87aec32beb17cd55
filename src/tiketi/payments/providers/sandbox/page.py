"""The sandbox's own page, where a buyer approves or declines a charge."""

from dataclasses import replace
from datetime import datetime
from html import escape

from tiketi.infra.postgres import Tx
from tiketi.kernel.money import Money
from tiketi.payments.providers.protocol import WebhookKind
from tiketi.payments.providers.sandbox.books import (
    BookStatus,
    Entry,
    lock_entry,
    tell,
    write_entry,
)

PAGE_PATH = "/api/v1/payments/sandbox"
DECLINED_ON_PAGE = "declined_by_buyer"

_TOLD = {
    BookStatus.CAPTURED: ("Approved", "The payment went through. You may close this page."),
    BookStatus.DECLINED: ("Declined", "Nothing was charged. You may close this page."),
    BookStatus.CANCELLED: ("Too late", "The shop took the request back. Nothing was charged."),
}
_NOT_YET = ("Nothing to do", "This payment does not wait for you.")
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · Sandbox payment</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; }}
main {{ width: min(22rem, 100% - 3rem); }}
h1 {{ font-size: 1.25rem; margin: 0 0 .5rem; }}
.amount {{ font-size: 2rem; font-weight: 600; margin: 0 0 1.5rem; }}
form {{ display: inline; }}
button {{ font: inherit; padding: .6rem 1.2rem; border: 1px solid; border-radius: .5rem;
  cursor: pointer; }}
.yes {{ background: #1652f0; border-color: #1652f0; color: #fff; }}
small {{ display: block; margin-top: 2rem; opacity: .7; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="amount">{amount}</p>
{body}
<small>Sandbox: no money moves here.</small>
</main>
</body>
</html>
"""
_BUTTONS = """<form method="post" action="{id}/approve"><button class="yes">Approve</button></form>
<form method="post" action="{id}/decline"><button>Decline</button></form>"""


def page_url(public_url: str, entry_id: str) -> str:
    return f"{public_url.rstrip('/')}{PAGE_PATH}/{entry_id}"


def render_page(entry: Entry) -> str:
    """The page as HTML: two buttons while the charge awaits the buyer, else how it ended."""
    if entry.status is BookStatus.REDIRECT:
        title, body = "Approve this payment?", _BUTTONS.format(id=escape(entry.id))
    else:
        title, told = _TOLD.get(entry.status, _NOT_YET)
        body = f"<p>{escape(told)}</p>"
        if entry.return_url:
            body += f'\n<p><a href="{escape(entry.return_url)}">Back to the shop</a></p>'
    amount = escape(str(Money(entry.amount_minor, entry.currency)))
    return _PAGE.format(title=escape(title), amount=amount, body=body)


async def decide_on_page(tx: Tx, entry_id: str, *, approves: bool, now: datetime) -> Entry | None:
    """What the buyer chose; a second choice changes nothing. None for no such charge."""
    entry = await lock_entry(tx, entry_id)
    if entry is None or entry.status is not BookStatus.REDIRECT:
        return entry
    status = BookStatus.CAPTURED if approves else BookStatus.DECLINED
    failure_code = None if approves else DECLINED_ON_PAGE
    await write_entry(tx, entry, status, failure_code=failure_code)
    kind = WebhookKind.SUCCEEDED if approves else WebhookKind.FAILED
    await tell(tx, entry, kind, is_echo=False, now=now)
    return replace(entry, status=status, failure_code=failure_code)
