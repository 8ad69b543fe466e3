"""A CancelledError that nobody asked for is told from a cancellation."""

import asyncio

from plextera_async._aio.cancelling import is_being_cancelled


async def test_a_task_that_was_cancelled_is_being_cancelled_and_another_is_not() -> None:
    seen: list[bool] = []

    async def waits(other: "asyncio.Future[None]") -> None:
        try:
            await other
        except asyncio.CancelledError:
            seen.append(is_being_cancelled())

    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(waits(future))
    await asyncio.sleep(0)
    future.cancel()
    await task
    task = asyncio.create_task(waits(asyncio.get_running_loop().create_future()))
    await asyncio.sleep(0)
    task.cancel()
    await task

    assert seen == [False, True]
