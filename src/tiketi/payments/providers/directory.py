"""The providers that this process can pay through, by name."""

from tiketi.infra.runtime import Runtime
from tiketi.payments.errors import ProviderAway
from tiketi.payments.providers.gateway import Gateway
from tiketi.payments.providers.protocol import Provider
from tiketi.payments.providers.sandbox.provider import Sandbox

DEFAULT_PROVIDER = Sandbox.name


class Providers:
    """One of each a process: ``runtime.one(Providers)``."""

    def __init__(self, runtime: Runtime) -> None:
        self._settings = runtime.settings
        self._gateways: dict[str, Gateway] = {}
        self.add(Sandbox(runtime))

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
