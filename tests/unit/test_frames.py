"""A text frame is what every client reads as that text."""

import pytest
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import TextMessage

from tiketi.services.server.frames import text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_text_of_any_size_is_read_back(size):
    text = ("좌석 A-1 " * (size // 5 + 1))[:size]
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(text_frame(text) + text_frame("next"))
    *parts, following = client.events()
    assert "".join(part.data for part in parts) == text
    assert parts[-1].message_finished
    assert following == TextMessage("next", message_finished=True)
