"""Stores that Tiketi brings along: a PostgreSQL and a Valkey of its own, one directory each.

Synchronous: every call waits within a bound. Call it before an event loop runs, or in a thread.
"""

from tiketi.infra.embedded.directory import throwaway_directory
from tiketi.infra.embedded.errors import BinaryNotFound, DirectoryInUse, EmbeddedError
from tiketi.infra.embedded.ports import pick_free_port
from tiketi.infra.embedded.postgres import EmbeddedPostgres
from tiketi.infra.embedded.replica import promote, replicate
from tiketi.infra.embedded.valkey import EmbeddedValkey

__all__ = [
    "BinaryNotFound",
    "DirectoryInUse",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedValkey",
    "pick_free_port",
    "promote",
    "replicate",
    "throwaway_directory",
]
