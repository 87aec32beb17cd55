"""What the sandbox signs its webhooks with."""

import secrets

from tiketi.infra.runtime import Runtime
from tiketi.payments.providers.standard_webhooks import decode_secret

KEY_BYTES = 32


class WebhookKey:
    """The setting's key, else one of this process alone.

    With the latter another process's webhooks are refused, and the reconciler finds what they told.
    """

    def __init__(self, runtime: Runtime) -> None:
        secret = runtime.settings.sandbox_webhook_secret
        self.secret_bytes = (
            decode_secret(secret.get_secret_value()) if secret else secrets.token_bytes(KEY_BYTES)
        )
