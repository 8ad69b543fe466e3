"""Whether a CancelledError is a cancellation: a caller's source may raise one of its own, of a task that it waited for."""

import asyncio

__all__ = ["is_being_cancelled"]


def is_being_cancelled() -> bool:
    """Say whether somebody cancelled the running task."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
