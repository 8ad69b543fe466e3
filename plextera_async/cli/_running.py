"""Runs the async part of a command, so that being told to end is as good as Ctrl-C."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import anyio

__all__ = ["run"]

T = TypeVar("T")


def run(work: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run *work* to its end.

    Raises:
        KeyboardInterrupt: After Ctrl-C, SIGTERM or SIGHUP, once *work* has been cancelled and has told how far it was.
    """
    return anyio.run(_watched, work, args)


async def _watched(work: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> T:
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    was_told = False

    def end() -> None:
        nonlocal was_told
        was_told = True
        if task is not None:
            task.cancel()

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup has it ignored
            with suppress(
                NotImplementedError, RuntimeError, ValueError
            ):  # Windows; a thread that is not the main one
                loop.add_signal_handler(number, end)
    try:
        return await work(*args)
    except asyncio.CancelledError:
        if was_told:
            raise KeyboardInterrupt from None
        raise
