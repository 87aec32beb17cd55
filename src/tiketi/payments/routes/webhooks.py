"""What providers say by themselves."""

from typing import Any

from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access, Routes
from tiketi.infra.rate_limit import Limit
from tiketi.kernel.errors import NotFound
from tiketi.payments.errors import WebhookRefused
from tiketi.payments.hearing import hear_webhook
from tiketi.payments.providers.directory import Providers
from tiketi.payments.providers.gateway import Gateway
from tiketi.payments.schemas import ReceivedView

routes = Routes("payments")


async def _is_known(call: Call[Any, Any]) -> None:
    _gateway(call)


@routes.post(
    "/webhooks/{provider}",
    raw_body=True,
    access=Access.PUBLIC,
    limit=Limit.NONE,
    answer=ReceivedView,
    guard=_is_known,
    errors=(WebhookRefused,),
)
async def hear(call: Call[None, None]) -> ReceivedView:
    """Hear a provider's webhook; a repeat is answered alike and changes nothing.

    Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`. One that is about no
    payment of ours, or of another amount or currency, is taken and confirms nothing.
    """
    await hear_webhook(call.runtime, _gateway(call), call.request.headers, call.raw)
    return ReceivedView()


def _gateway(call: Call[Any, Any]) -> Gateway:
    gateway = call.runtime.one(Providers).find(call.path_text("provider"))
    if gateway is None:
        raise NotFound
    return gateway
