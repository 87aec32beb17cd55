from hypothesis import given
from hypothesis import strategies as st

from tiketi.infra.keyspace import SLOTS, Pool, slot_of, tag_for, tags


def test_the_slot_is_that_of_the_cluster_specification():
    # The specification's own example: CRC16("123456789") = 0x31C3.
    assert slot_of("123456789") == 0x31C3 % SLOTS


def test_the_pools_cover_every_slot_once():
    covered = [slot for pool in Pool for slot in range(pool.value[0], pool.value[1] + 1)]
    assert sorted(covered) == list(range(SLOTS))


def test_there_is_a_tag_for_every_slot():
    assert [slot_of(tag) for tag in tags()] == list(range(SLOTS))


@given(st.text(), st.sampled_from(Pool))
def test_an_entity_stays_in_its_pool(entity, pool):
    first, last = pool.value
    assert first <= slot_of(tag_for(pool, entity)) <= last


def test_entities_spread_over_their_pool():
    slots = {slot_of(tag_for(Pool.QUEUE, number)) for number in range(2_000)}
    assert len(slots) > 1_300  # 2,731 slots: 1,415 expected of a uniform choice
