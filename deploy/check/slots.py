"""Redis' slots: each on one shard, and the same shard as the keys' tags were made for."""

from collections import Counter
from collections.abc import Iterator

from deploy.check.finding import Finding
from deploy.check.templates import resources
from deploy.emit import Documents
from deploy.environment import Environment
from tiketi.infra.keyspace import SLOTS, shards


def slots_are_covered_once(documents: Documents, _environment: Environment) -> Iterator[Finding]:
    for path, name, ranges in _ranges(documents):
        owners = Counter(slot for first, last in ranges for slot in range(first, last + 1))
        nobody = [slot for slot in range(SLOTS) if not owners[slot]]
        twice = [slot for slot, times in owners.items() if times > 1]
        beyond = [slot for slot in owners if slot >= SLOTS]
        for slots, what in ((nobody, "nobody has"), (twice, "two have"), (beyond, "there is no")):
            if slots:
                yield Finding(path, name, f"{what} slot {min(slots)} ({len(slots)} such slots)")


def slots_agree_with_the_keyspace(
    documents: Documents, _environment: Environment
) -> Iterator[Finding]:
    wanted = [(shard.first, shard.last) for shard in shards()]
    for path, name, ranges in _ranges(documents):
        if ranges != wanted:
            yield Finding(path, name, f"slots are {ranges}, infra/keyspace.py has {wanted}")


def _ranges(documents: Documents) -> Iterator[tuple[str, str, list[tuple[int, int]]]]:
    for path, name, group in resources(documents, "AWS::ElastiCache::ReplicationGroup"):
        found = []
        for node in group.get("NodeGroupConfiguration", ()):
            first, _, last = node["Slots"].partition("-")
            found.append((int(first), int(last)))
        yield path, name, found


RULES = (slots_are_covered_once, slots_agree_with_the_keyspace)
