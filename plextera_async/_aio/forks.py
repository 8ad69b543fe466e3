"""Forks, of which the system is not asked at each request: a child is told."""

import os
from collections.abc import Callable

__all__ = ["forks", "in_children"]

_forks: list[None] = []


def in_children(call: Callable[[], object]) -> None:
    """Call it in each process that is forked from this one or its children; where there are no forks, never."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=call)


def forks() -> int:
    """Count the forks between this process and the one that imported the package."""
    return len(_forks)


in_children(lambda: _forks.append(None))
