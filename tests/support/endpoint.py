"""A name for whichever server is the writer now, as a database cluster has one."""

from urllib.parse import urlsplit

from tests.support.lossy_proxy import LossyProxy


class Endpoint(LossyProxy):
    """Connections that are made from now on go to the server that it points at; those that are
    open stay where they are, for as long as their server lives.
    """

    def __init__(self, server_url: str) -> None:
        super().__init__(server_url, lost_share=0.0, seed=0)

    def point_at(self, server_url: str) -> None:
        self._store = urlsplit(server_url)
