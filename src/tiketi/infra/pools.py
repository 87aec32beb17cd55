"""How many connections to PostgreSQL a process may have."""

from dataclasses import dataclass

from tiketi.settings import Settings


@dataclass(frozen=True, slots=True)
class Pools:
    """``writer`` counts those that commit and those that must not lag, ``reader`` the rest."""

    writer: int
    reader: int

    def overridden_by(self, settings: Settings) -> "Pools":
        """What the settings say wins."""
        return Pools(
            settings.database_pool_max or self.writer,
            settings.database_reader_pool_max or self.reader,
        )


# Of a process that is no service: a command, a test, a benchmark.
POOLS_DEFAULT = Pools(writer=8, reader=8)
