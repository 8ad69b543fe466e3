"""Waiting for something that other tasks bring about."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object]) -> None:
    """Let other tasks run until *condition* holds; the test's own timeout ends it if it never does."""
    while not condition():
        await asyncio.sleep(0.001)
