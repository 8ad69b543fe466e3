"""However a fan-out is left, nothing of it outlives the block."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from plextera_async._aio.fanout import Fanout
from tests.support.fanning import Gates, forever, later, others, same, settle
from tests.support.waiting import until


class SourceError(Exception):
    pass


async def test_leaving_early_leaves_nothing_open() -> None:
    ended: list[str] = []
    before = await others()

    async def source() -> AsyncIterator[int]:
        try:
            for number in itertools.count():
                yield number
        finally:
            await asyncio.sleep(0)
            ended.append("source")

    async def work(index: int, item: int) -> int:
        try:
            if index:
                await asyncio.Event().wait()
        finally:
            ended.append("work")
        return item

    async with Fanout(source(), work, concurrency=4) as fanout:
        async for _ in fanout:
            break
        await until(lambda: len(ended) == 1)

    assert ended.count("work") >= 4
    assert ended.count("source") == 1
    assert await others() == before
    with pytest.raises(RuntimeError):
        await anext(fanout)


async def test_a_generator_is_closed_where_it_ran() -> None:
    """Such as one that holds a task group of its own: its scope may be left only by the task that entered it."""
    closed = asyncio.Event()

    async def source() -> AsyncIterator[int]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(asyncio.sleep, 1000)
            try:
                for number in itertools.count():
                    yield number
            finally:
                tasks.cancel_scope.cancel()
                closed.set()

    async with Fanout(source(), same, concurrency=4) as fanout:
        await anext(fanout)
    assert closed.is_set()


async def test_a_plain_generator_is_closed_too() -> None:
    closed: list[bool] = []

    def source() -> Iterator[int]:
        try:
            yield from itertools.count()
        finally:
            closed.append(True)

    async with Fanout(source(), same, concurrency=2) as fanout:
        await anext(fanout)
    assert closed == [True]


async def test_leaving_does_not_wait_for_a_source_that_blocks() -> None:
    gate, blocks, closed = threading.Event(), threading.Event(), threading.Event()

    def source() -> Iterator[int]:
        try:
            yield 1
            blocks.set()
            gate.wait(30)
            yield 2
        finally:
            closed.set()

    async with Fanout(source(), same, concurrency=2) as fanout:
        assert await anext(fanout) == 1
        await until(blocks.is_set)
    assert not closed.is_set()
    gate.set()
    await until(closed.is_set)


async def test_an_error_in_the_source_s_end_is_raised_unless_there_is_another() -> None:
    async def source() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            raise SourceError

    with pytest.raises(SourceError):
        async with Fanout(source(), same, concurrency=1) as fanout:
            await anext(fanout)

    async def fail() -> None:
        async with Fanout(source(), same, concurrency=1) as fanout:
            raise KeyError(await anext(fanout))

    with pytest.raises(KeyError):
        await fail()


async def test_leaving_at_once() -> None:
    async with Fanout(later(range(5)), same, concurrency=1):
        pass
    assert await others() == []


@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_cancelling_the_consumer_at_any_moment_leaves_no_task(turns: int) -> None:
    before = await others()
    lost: list[int] = []

    async def consume() -> None:
        async with Fanout(later(range(1000)), same, concurrency=3, ordered=bool(turns % 2)) as fanout:
            async for one in fanout:
                lost.append(one)
                await asyncio.sleep(0)

    task = asyncio.ensure_future(consume())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert await others() == before


async def test_cancelling_while_leaving_waits_until_nothing_is_left() -> None:
    gate, done = asyncio.Event(), asyncio.Event()

    async def work(_index: int, _item: int) -> int:
        try:
            await asyncio.Event().wait()
        finally:
            with anyio.CancelScope(shield=True):
                await gate.wait()
            done.set()
        return 1

    async def consume() -> None:
        async with Fanout([1], work, concurrency=1):
            await settle()

    task = asyncio.ensure_future(consume())
    await settle()
    await settle()
    task.cancel()
    await settle()
    assert not task.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done.is_set()


async def test_a_deadline_around_the_block_ends_it() -> None:
    before = await others()
    with anyio.move_on_after(0.01) as scope:
        async with Fanout(itertools.count(), forever, concurrency=3) as fanout:
            async for _ in fanout:
                pass

    assert scope.cancelled_caught
    assert await others() == before


async def test_it_may_be_left_by_another_task_than_entered_it() -> None:
    fanout = Fanout(itertools.count(), same, concurrency=3)
    await asyncio.create_task(fanout.__aenter__())
    assert await asyncio.create_task(fanout.__anext__()) == 0
    await asyncio.create_task(fanout.__aexit__(None, None, None))
    assert await others() == []


@pytest.fixture
async def numbers() -> AsyncIterator[Fanout[int, int]]:
    async with Fanout(itertools.count(), same, concurrency=3) as fanout:
        yield fanout


async def test_it_lives_in_a_fixture(numbers: Fanout[int, int]) -> None:
    assert {await anext(numbers) for _ in range(3)} == {0, 1, 2}


async def test_an_abandoned_generator_around_it_can_be_closed() -> None:
    async def generate() -> AsyncIterator[int]:
        async with Fanout(itertools.count(), same, concurrency=3) as fanout:
            async for one in fanout:
                yield one

    generator: Any = generate()
    assert await anext(generator) == 0
    await asyncio.create_task(generator.aclose())
    assert await others() == []


async def test_leaving_ends_the_loops_of_other_tasks() -> None:
    async def take() -> list[int]:
        return [one async for one in fanout]

    async with Fanout([1], forever, concurrency=3) as fanout:
        taking = asyncio.ensure_future(take())
        await settle()
    assert await taking == []


async def test_a_result_is_not_lost_to_a_cancelled_taker() -> None:
    gates = Gates()
    async with Fanout([7], gates.work, concurrency=1) as fanout:
        for _ in range(3):
            with anyio.move_on_after(0):
                await anext(fanout)
        gates.end(0)
        await settle()
        assert await anext(fanout) == 7
