"""The providers that this process can pay through, by name."""

from collections.abc import Callable

from pydantic import SecretStr

from tiketi.infra.runtime import Runtime
from tiketi.payments.errors import ProviderAway
from tiketi.payments.providers.company import Company
from tiketi.payments.providers.gateway import Gateway
from tiketi.payments.providers.protocol import Provider
from tiketi.payments.providers.sandbox.provider import Sandbox
from tiketi.payments.providers.stripe import Stripe
from tiketi.payments.providers.toss import Toss


class Providers:
    """Those that the settings name, the first being the default: ``runtime.one(Providers)``."""

    def __init__(self, runtime: Runtime) -> None:
        self._settings = runtime.settings
        self._gateways: dict[str, Gateway] = {}
        for name in self._settings.payment_providers.split(","):
            self.add(_open(name.strip(), runtime))

    @property
    def default(self) -> str:
        return next(iter(self._gateways))

    def add(self, provider: Provider) -> None:
        self._gateways[provider.name] = Gateway(
            provider,
            timeout_seconds=self._settings.payment_provider_timeout_seconds,
            failures_max=self._settings.payment_breaker_failures_max,
            open_seconds=self._settings.payment_breaker_open_seconds,
        )

    def find(self, name: str) -> Gateway | None:
        return self._gateways.get(name)

    def get(self, name: str) -> Gateway:
        """The gateway of a payment's provider; ProviderAway if this process has none."""
        gateway = self._gateways.get(name)
        if gateway is None:
            raise ProviderAway(f"The provider {name} is not set up.")
        return gateway

    async def aclose(self) -> None:
        for gateway in self._gateways.values():
            await gateway.provider.aclose()


def _open(name: str, runtime: Runtime) -> Provider:
    """The provider of a setting; ValueError where one that it needs is missing."""
    opened = _OPENERS.get(name)
    if opened is None:
        raise ValueError(f"TIKETI_PAYMENT_PROVIDERS: no provider {name!r}")
    return opened(runtime)


def _open_toss(runtime: Runtime) -> Toss:
    settings = runtime.settings
    company = Company(
        settings.toss_api_url,
        _needed(settings.toss_secret_key, "TOSS_SECRET_KEY"),
        timeout_seconds=settings.payment_provider_timeout_seconds,
    )
    return Toss(company, _needed(settings.toss_client_key, "TOSS_CLIENT_KEY"))


def _open_stripe(runtime: Runtime) -> Stripe:
    settings = runtime.settings
    company = Company(
        settings.stripe_api_url,
        _needed(settings.stripe_secret_key, "STRIPE_SECRET_KEY"),
        timeout_seconds=settings.payment_provider_timeout_seconds,
    )
    return Stripe(
        company,
        publishable_key=_needed(settings.stripe_publishable_key, "STRIPE_PUBLISHABLE_KEY"),
        webhook_secret=_needed(settings.stripe_webhook_secret, "STRIPE_WEBHOOK_SECRET"),
        tolerance_seconds=settings.webhook_tolerance_seconds,
    )


def _needed(value: SecretStr | str | None, name: str) -> str:
    if not value:
        raise ValueError(f"TIKETI_{name} is not set")
    return value.get_secret_value() if isinstance(value, SecretStr) else value


_OPENERS: dict[str, Callable[[Runtime], Provider]] = {
    "sandbox": Sandbox,
    "toss": _open_toss,
    "stripe": _open_stripe,
}
