"""What every arm does, and how so many at a time of it are kept going: the same for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from random import Random
from typing import TypeVar

__all__ = ["Arm", "Calls", "contents", "in_flight"]

T = TypeVar("T")
R = TypeVar("R")

_SIZE = 20_480
Upload = Callable[[str], Awaitable[object]]


@dataclass(frozen=True)
class Calls:
    """What an arm can do. Each makes its requests one after the other and raises when one goes wrong."""

    job: Callable[[bytes], Awaitable[int]]
    """Upload, submit, three polls; gives the number of fields in the result."""
    status: Callable[[str], Awaitable[str]] | None = None
    """Read one extraction; gives its status."""
    upload: Upload | None = None
    """Upload a file by its path."""
    upload_open: Upload | None = None
    """Upload a file that this opens."""


Arm = Callable[[str, int], AbstractAsyncContextManager[Calls]]
"""Opens an arm on a base URL for so many calls in flight."""


def contents(number: int, *, seed: int) -> Iterator[bytes]:
    """Give so many documents of 20 KB that all differ."""
    rest = Random(seed).randbytes(_SIZE - 8)  # noqa: S311 - content, not secrecy
    for index in range(number):
        yield index.to_bytes(8, "big") + rest


async def in_flight(number: int, call: Callable[[T], Awaitable[R]], over: Iterator[T]) -> list[R]:
    """Call it with each, so many at a time, and give what the calls gave."""
    results: list[R] = []

    async def worker() -> None:
        for item in over:  # shared by the workers
            result = await call(item)
            results.append(result)

    async with asyncio.TaskGroup() as group:
        for _ in range(number):
            group.create_task(worker())
    return results
