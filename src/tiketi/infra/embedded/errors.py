"""What keeps an embedded store from starting; the text says what to do about it."""


class EmbeddedError(Exception):
    """A store could not be found, prepared, started or stopped."""


class BinaryNotFound(EmbeddedError):
    """No usable server program on this machine."""


class DirectoryInUse(EmbeddedError):
    """Another process, alive, owns this data directory."""
