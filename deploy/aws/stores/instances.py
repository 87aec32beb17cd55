"""How much memory an instance class has, and how many connections that makes.

Source: AWS, "Aurora DB instance classes", and "Managing performance and scaling for Aurora
PostgreSQL": max_connections is LEAST(DBInstanceClassMemory / 9531392, 5000) unless set. (Read.)
"""

from tiketi.services.connections import MAX_CONNECTIONS_PLANNED

BYTES_A_CONNECTION = 9_531_392
_GIB = 1024**3
_MEMORY_GIB = {
    "db.t4g.medium": 4,
    "db.t4g.large": 8,
    "db.r6g.large": 16,
    "db.r6g.xlarge": 32,
    "db.r6g.2xlarge": 64,
    "db.r6g.4xlarge": 128,
    "db.r6g.8xlarge": 256,
    "db.r6g.12xlarge": 384,
    "db.r6g.16xlarge": 512,
    "db.r7g.large": 16,
    "db.r7g.xlarge": 32,
    "db.r7g.2xlarge": 64,
    "db.r7g.4xlarge": 128,
    "db.r7g.8xlarge": 256,
}


def memory_gib(instance_class: str) -> int:
    """Raises KeyError for a class that is not in the table."""
    return _MEMORY_GIB[instance_class]


def max_connections(instance_class: str) -> int:
    """By the formula; some memory is the system's, so the truth is a few per cent below.

    Raises KeyError for a class that is not in the table.
    """
    by_memory = memory_gib(instance_class) * _GIB // BYTES_A_CONNECTION
    return min(by_memory, MAX_CONNECTIONS_PLANNED)
