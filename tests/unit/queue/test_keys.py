import re

from tiketi.infra.keyspace import Pool, slot_of, slots_in
from tiketi.kernel.ids import new_id
from tiketi.queue.keys import room_keys


def test_an_event_s_keys_share_a_slot_of_the_queue_s_pool():
    for _ in range(100):
        event_id = new_id()
        tags = {re.search(r"{(.+)}", key)[1] for key in room_keys(event_id)}
        assert len(tags) == 1
        assert slot_of(tags.pop()) in slots_in(Pool.QUEUE)


def test_keys_have_their_public_shape():
    event_id = new_id()
    for key in room_keys(event_id):
        assert re.fullmatch(rf"queue:{{\d+}}:{event_id}:[a-z]+", key)
