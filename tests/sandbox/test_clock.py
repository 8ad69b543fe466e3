"""Sandbox time: the real clock, the virtual one, and how long phases take."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from plextera_async.sandbox import SystemClock, Timing, VirtualClock


def test_the_virtual_clock_stands_still_and_moves_as_told() -> None:
    clock = VirtualClock(datetime(2026, 5, 1, tzinfo=UTC))
    before = clock.now()

    clock.advance(2.5)

    assert before == datetime(2026, 5, 1, tzinfo=UTC).timestamp()
    assert clock.now() == before + 2.5


def test_what_falls_due_runs_in_order_at_its_own_moment() -> None:
    clock = VirtualClock()
    start = clock.now()
    seen: list[tuple[str, float]] = []

    def first() -> None:
        seen.append(("first", clock.now() - start))
        clock.call_at(clock.now() + 1, lambda: seen.append(("follow-up", clock.now() - start)))

    clock.call_at(start + 3, lambda: seen.append(("third", clock.now() - start)))
    clock.call_at(start + 1, first)
    clock.call_at(start + 9, lambda: seen.append(("late", 0)))
    clock.advance(5)

    assert seen == [("first", 1), ("follow-up", 2), ("third", 3)]
    assert clock.now() == start + 5


def test_a_cancelled_timer_does_not_ring() -> None:
    clock = VirtualClock()
    rung: list[int] = []
    timer = clock.call_at(clock.now() + 1, lambda: rung.append(1))

    timer.cancel()
    timer.cancel()
    clock.advance(2)

    assert rung == []


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        VirtualClock().advance(-1)


async def test_the_system_clock_rings_in_the_event_loop() -> None:
    clock = SystemClock()
    rung = asyncio.Event()

    clock.call_at(clock.now() - 5, rung.set)
    await asyncio.wait_for(rung.wait(), 30)

    assert abs(clock.now() - time.time()) < 30


def test_jitter_spreads_phases_within_its_share_and_the_same_way_each_time() -> None:
    timing = Timing(jitter=0.5)

    spread = [timing.spread(10, number) for number in range(1, 200)]

    assert all(5 <= seconds <= 15 for seconds in spread)
    assert max(spread) - min(spread) > 9
    assert spread == [timing.spread(10, number) for number in range(1, 200)]
    assert Timing().spread(10, 7) == 10


@pytest.mark.parametrize("jitter", [-0.1, 1.0])
def test_jitter_is_a_share(jitter: float) -> None:
    with pytest.raises(ValueError, match="jitter"):
        Timing(jitter=jitter)
