"""The real clock, and when something began."""

from datetime import UTC, datetime, timedelta

import pytest

from plextera_async._aio.clock import Clock

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


async def test_the_real_clock() -> None:
    clock = Clock()
    before = clock.monotonic()

    await clock.sleep(0.001)

    assert clock.monotonic() > before
    assert clock.now().utcoffset() is not None
    assert 0 <= clock.jitter() < 1
    assert len({clock.new_id() for _ in range(100)}) == 100
    ids = {clock.request_id() for _ in range(100)}
    assert len(ids) == 100
    assert {len(id) for id in ids} == {32}


class TwoClocks(Clock):
    """Clocks that can be moved apart."""

    time_of_day = NOON
    passed = 1000.0

    def now(self) -> datetime:
        return self.time_of_day

    def monotonic(self) -> float:
        return self.passed


@pytest.mark.parametrize(
    ("on_the_wall", "passed", "since"),
    [
        (60, 60, NOON),
        (3660, 60, NOON),  # the machine slept, or its clock was put forward
        (-3540, 60, NOON - timedelta(hours=1)),  # it was put back
    ],
)
def test_a_beginning_is_never_later_than_it_was(on_the_wall: float, passed: float, since: datetime) -> None:
    clock = TwoClocks()
    beginning = clock.begin()
    clock.time_of_day += timedelta(seconds=on_the_wall)
    clock.passed += passed

    assert clock.since(beginning) == since
