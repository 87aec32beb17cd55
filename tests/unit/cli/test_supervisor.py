import itertools

import pytest

from tiketi.cli.supervisor import (
    BACKOFF_SECONDS_MAX,
    HEALTHY_SECONDS,
    TIDY_SECONDS,
    Supervisor,
)
from tiketi.infra.embedded import EmbeddedError


class FakeChild:
    """Dies when told to; ``failures`` is how many starts fail before one works."""

    def __init__(self, name="child", *, failures=0):
        self.name = name
        self.pid = 1
        self.status = None
        self.starts = []
        self.failures = failures

    def start(self, *, interrupted):
        self.starts.append(interrupted)
        if self.failures:
            self.failures -= 1
            raise EmbeddedError("no")
        self.status = None

    def poll(self):
        return self.status


class Time:
    """A clock that only sleeping moves, and a script of what happens at which second."""

    def __init__(self, events, *, until):
        self.now = 0.0
        self._events = sorted(events.items())
        self._until = until

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        while self._events and self._events[0][0] <= self.now:
            self._events.pop(0)[1]()

    def is_over(self):
        return self.now >= self._until


def supervise(children, events, *, until):
    time, said, published = Time(events, until=until), [], []
    supervisor = Supervisor(
        say=said.append,
        changed=lambda: published.append(time.now),
        clock=time.clock,
        sleep=time.sleep,
    )
    for child in children:
        supervisor.watch(child)
    supervisor.run(time.is_over)
    return said, published


def killer(child, status=-9):
    return lambda: setattr(child, "status", status)


def test_living_child_is_left_alone():
    child = FakeChild()
    said, _ = supervise([child], {}, until=60)
    assert child.starts == []
    assert said == []


def test_killed_child_is_started_again_and_made_known():
    child, other = FakeChild("one"), FakeChild("two")
    said, published = supervise([child, other], {5: killer(child)}, until=10)
    assert len(child.starts) == 1
    assert other.starts == []
    assert published == pytest.approx([5.2], abs=0.2)
    assert said[0] == "one ended (signal 9); starting it again in 0.1 s"
    assert said[1] == "one runs again"


def test_child_that_keeps_dying_is_started_ever_more_seldom_up_to_a_bound():
    child = FakeChild()
    deaths = {second / 2: killer(child, 1) for second in range(2, 240)}
    said, _ = supervise([child], deaths, until=120)
    waits = [float(line.split(" again in ")[1].split()[0]) for line in said if "again in" in line]
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF_SECONDS_MAX
    assert all(later <= 2 * earlier for earlier, later in itertools.pairwise(waits))


def test_health_forgives_earlier_deaths():
    child = FakeChild()
    events = {1: killer(child), 2: killer(child), 3 + HEALTHY_SECONDS: killer(child)}
    said, _ = supervise([child], events, until=10 + HEALTHY_SECONDS)
    assert [line for line in said if "again in" in line][-1].endswith("in 0.1 s")


def test_failed_start_is_tried_again():
    child = FakeChild(failures=3)
    said, published = supervise([child], {1: killer(child)}, until=10)
    assert len(child.starts) == 4
    assert sum("could not start: no" in line for line in said) == 3
    assert len(published) == 1


def test_logs_are_tidied_now_and_then():
    time, tidied = Time({}, until=60), []
    supervisor = Supervisor(
        say=lambda _: None,
        tidy=lambda: tidied.append(time.now),
        clock=time.clock,
        sleep=time.sleep,
    )
    supervisor.run(time.is_over)
    assert len(tidied) == pytest.approx(60 / TIDY_SECONDS, abs=1)
