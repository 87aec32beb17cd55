from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tiketi.infra.keyspace import SLOTS, Pool, shards, slot_of, tag_for, tags

ROOT = Path(__file__).parents[3]


def test_the_slot_is_that_of_the_cluster_specification():
    # The specification's own example: CRC16("123456789") = 0x31C3.
    assert slot_of("123456789") == 0x31C3 % SLOTS


def test_the_pools_cover_every_slot_once():
    covered = [slot for pool in Pool for slot in range(pool.value[0], pool.value[1] + 1)]
    assert sorted(covered) == list(range(SLOTS))


def test_the_shards_cover_every_slot_once_and_none_spans_two_pools():
    covered = [slot for shard in shards() for slot in range(shard.first, shard.last + 1)]
    assert covered == list(range(SLOTS))
    for shard in shards():
        first, last = shard.pool.value
        assert first <= shard.first <= shard.last <= last


def test_six_shards_the_queue_the_first_the_locks_the_second():
    assert [shard.pool for shard in shards()] == [Pool.QUEUE, Pool.LOCK, *[Pool.CACHE] * 4]
    assert [shard.slot_range for shard in shards()[:3]] == ["0-2730", "2731-5460", "5461-8190"]
    sizes = [shard.last - shard.first + 1 for shard in shards()]
    assert max(sizes) - min(sizes) <= 1


def test_there_is_a_tag_for_every_slot():
    assert [slot_of(tag) for tag in tags()] == list(range(SLOTS))


@given(st.text(), st.sampled_from(Pool))
def test_an_entity_stays_in_its_pool(entity, pool):
    first, last = pool.value
    assert first <= slot_of(tag_for(pool, entity)) <= last


def test_entities_spread_over_their_pool():
    slots = {slot_of(tag_for(Pool.QUEUE, number)) for number in range(2_000)}
    assert len(slots) > 1_300  # 2,731 slots: 1,415 expected of a uniform choice


def test_the_page_shows_the_slots():
    page = (ROOT / "docs/redis-cluster.md").read_text(encoding="utf-8")
    for shard in shards():
        assert f"| {shard.number} | {shard.pool.name.lower()} | {shard.slot_range} |" in page
