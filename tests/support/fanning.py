"""Work and sources for fan-outs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any


async def same(_index: int, item: Any) -> Any:
    await asyncio.sleep(0)
    return item


async def forever(_index: int, _item: Any) -> Any:
    await asyncio.Event().wait()


async def later(items: Any) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0)
        yield item


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def others() -> list[str]:
    await asyncio.sleep(0)
    me = asyncio.current_task()
    return [task.get_name() for task in asyncio.all_tasks() if task is not me]


class Gates:
    """Work that ends when the test says so."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.open: dict[int, asyncio.Event] = {}

    async def work(self, index: int, item: Any) -> Any:
        self.begun.append(index)
        await self.open.setdefault(index, asyncio.Event()).wait()
        return item

    def end(self, *indexes: int) -> None:
        for index in indexes:
            self.open.setdefault(index, asyncio.Event()).set()
