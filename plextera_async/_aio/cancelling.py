"""What a CancelledError is: a caller's source may raise one of its own, of a task that it waited for; and what it came upon."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["between_attempts", "is_being_cancelled", "is_unsent"]

_MARK = "_plextera_unsent"


def is_being_cancelled() -> bool:
    """Say whether somebody cancelled the running task."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


@contextmanager
def between_attempts(*, unsent: bool) -> Generator[None]:
    """Mark a cancellation that comes within the block if *unsent*: it is a create, and no attempt can have been applied."""
    try:
        yield
    except asyncio.CancelledError as cancelled:
        if unsent:
            vars(cancelled)[_MARK] = True
        raise


def is_unsent(cancelled: asyncio.CancelledError) -> bool:
    """Say whether a cancellation is known to have come before a create could be applied."""
    return _MARK in vars(cancelled)
