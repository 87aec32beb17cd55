from tests.http.events.conftest import client, clock

__all__ = ["client", "clock"]
