"""Many pieces of work at one time: order, room, failures, and nothing that outlives the block."""

import asyncio
import gc
import itertools
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from plextera_async._aio.fanout import ORDERED_WINDOW, Fanout
from tests.support.fanning import Gates, later, same, settle
from tests.support.waiting import until

SOURCES: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "range": lambda items: range(len(list(items))),
    "generator": lambda items: (item for item in items),
    "iterator": iter,
    "map": lambda items: map(int, items),
    "async generator": later,
}
KINDS = pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES.keys())


@KINDS
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("concurrency", [1, 3, 50])
async def test_every_item_gives_one_result(make: Any, concurrency: int, *, ordered: bool) -> None:
    async with Fanout(make(range(20)), same, concurrency=concurrency, ordered=ordered) as fanout:
        results = [result async for result in fanout]

    assert (results if ordered else sorted(results)) == list(range(20))


async def test_an_empty_source_gives_nothing_and_stays_at_its_end() -> None:
    async with Fanout([], same, concurrency=2) as fanout:
        assert [result async for result in fanout] == []
        assert [result async for result in fanout] == []


async def test_results_come_as_they_end() -> None:
    gates = Gates()
    async with Fanout("abc", gates.work, concurrency=3) as fanout:
        await until(lambda: len(gates.begun) == 3)
        taken = []
        for index in (2, 0, 1):
            gates.end(index)
            taken.append(await anext(fanout))

    assert taken == ["c", "a", "b"]


async def test_results_come_in_input_order_if_that_is_asked_for() -> None:
    gates = Gates()
    async with Fanout(list("abcd"), gates.work, concurrency=2, ordered=True) as fanout:
        gates.end(1, 2, 3)
        await until(lambda: len(gates.begun) == 4)  # one that takes long does not stop the others
        gates.end(0)
        assert [result async for result in fanout] == list("abcd")


@pytest.mark.parametrize("ordered", [False, True])
async def test_no_more_than_concurrency_run_at_a_time(*, ordered: bool) -> None:
    running, most = 0, 0

    async def work(_index: int, item: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return item

    async with Fanout(range(100), work, concurrency=7, ordered=ordered) as fanout:
        assert len([one async for one in fanout]) == 100

    assert most == 7


@pytest.mark.parametrize(("ordered", "window"), [(False, 5), (True, 5 * ORDERED_WINDOW)])
async def test_a_slow_consumer_slows_the_source_down(window: int, *, ordered: bool) -> None:
    pulled = itertools.count()
    seen: list[int] = []

    async def source() -> AsyncIterator[int]:
        for number in pulled:
            seen.append(number)
            yield number

    async with Fanout(source(), same, concurrency=5, ordered=ordered) as fanout:
        await settle()
        assert len(seen) == window
        for taken in range(1, 8):
            await anext(fanout)
            await settle()
            assert len(seen) == window + taken


async def test_the_window_of_ordered_results_is_bounded_while_the_first_takes_long() -> None:
    gates = Gates()
    gates.end(*range(1, 1000))
    async with Fanout(list(range(1000)), gates.work, concurrency=2, ordered=True):
        await settle()
        assert len(gates.begun) == 2 * ORDERED_WINDOW


async def test_work_without_a_result_takes_no_room() -> None:
    async def odd(_index: int, item: int) -> int | None:
        return item if item % 2 else None

    for ordered in (False, True):
        async with Fanout(range(100), odd, concurrency=2, ordered=ordered) as fanout:
            assert [one async for one in fanout] == list(range(1, 100, 2))


async def test_a_source_that_blocks_does_not_hold_up_the_loop() -> None:
    gate = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        assert gate.wait(30)
        yield 2

    async with Fanout(source(), same, concurrency=5) as fanout:
        assert await anext(fanout) == 1
        await settle()  # the loop turns although the source does not
        gate.set()
        assert [one async for one in fanout] == [2]


class SourceError(Exception):
    pass


def failing(after: int) -> Iterator[int]:
    yield from range(after)
    raise SourceError


async def failing_later(after: int) -> AsyncIterator[int]:
    for number in range(after):
        yield number
    raise SourceError


@pytest.mark.parametrize("make", [failing, failing_later])
@pytest.mark.parametrize("ordered", [False, True])
async def test_what_was_begun_is_delivered_before_the_source_s_error(make: Any, *, ordered: bool) -> None:
    taken: list[int] = []

    async def take() -> None:
        async with Fanout(make(5), same, concurrency=3, ordered=ordered) as fanout:
            async for one in fanout:
                taken.append(one)  # noqa: PERF401 - what came before the error is what matters

    with pytest.raises(SourceError):
        await take()
    assert sorted(taken) == list(range(5))


async def test_a_source_s_error_is_told_once() -> None:
    async with Fanout(failing(0), same, concurrency=3) as fanout:
        with pytest.raises(SourceError):
            await anext(fanout)
        assert [one async for one in fanout] == []


async def test_a_source_that_is_cancelled_by_itself_ends_the_loop_as_a_plain_one_would() -> None:
    async def source() -> AsyncIterator[int]:
        yield 1
        raise asyncio.CancelledError

    async with Fanout(source(), same, concurrency=3) as fanout:
        assert await anext(fanout) == 1
        with pytest.raises(asyncio.CancelledError):
            await anext(fanout)


@pytest.mark.parametrize("kind", [ValueError, asyncio.CancelledError])
@pytest.mark.parametrize("ordered", [False, True])
async def test_work_that_fails_ends_all_with_its_own_error(
    kind: type[BaseException], *, ordered: bool
) -> None:
    async def work(index: int, item: int) -> int:
        if index == 3:
            raise kind
        if index > 3:
            await asyncio.Event().wait()
        return item

    async with Fanout(range(100), work, concurrency=20, ordered=ordered) as fanout:
        taken = [await anext(fanout) for _ in range(3)]
        with pytest.raises(kind):
            await anext(fanout)
        assert [one async for one in fanout] == []
    assert sorted(taken) == [0, 1, 2]


async def test_several_tasks_may_take_results() -> None:
    async def take() -> list[int]:
        return [one async for one in fanout]

    async with Fanout(range(100), same, concurrency=3) as fanout:
        taken = await asyncio.gather(*(take() for _ in range(4)))
    assert sorted(itertools.chain(*taken)) == list(range(100))


async def test_it_runs_once_and_only_inside_its_block() -> None:
    fanout = Fanout([1], same, concurrency=1)
    with pytest.raises(RuntimeError, match="async with"):
        await anext(fanout)
    async with fanout:
        pass
    with pytest.raises(RuntimeError, match="once"):
        await fanout.__aenter__()


def test_what_cannot_be_iterated_is_refused_at_once() -> None:
    with pytest.raises(TypeError):
        Fanout(5, same, concurrency=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("ordered", [False, True])
async def test_items_and_results_are_let_go_of(*, ordered: bool) -> None:
    class Thing:
        pass

    alive: weakref.WeakSet[Thing] = weakref.WeakSet()

    async def source() -> AsyncIterator[Thing]:
        for _ in range(3000):
            thing = Thing()
            alive.add(thing)
            yield thing
            del thing

    most = 0
    async with Fanout(source(), same, concurrency=5, ordered=ordered) as fanout:
        async for one in fanout:
            del one
            most = max(most, len(alive))
    gc.collect()

    assert most < 100
    assert not alive
