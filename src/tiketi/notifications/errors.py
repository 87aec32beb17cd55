"""Why a mail did not leave."""


class MailRefused(Exception):
    """The server will never take this mail for this address: no use in trying again."""

    def __init__(self, code: int) -> None:
        super().__init__(f"SMTP {code}")
        self.code = code


class MailDelayed(Exception):
    """Not now: the server is away, slow, or says to come again. It names no recipient."""
