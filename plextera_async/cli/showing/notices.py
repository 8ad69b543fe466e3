"""Tells that a request is being tried again, so that a pause is not taken for a hang."""

import logging
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from plextera_async.cli.showing.text import clean

__all__ = ["retry_notices"]

_LIBRARY = logging.getLogger("plextera_async")
_SECONDS_BETWEEN = 5.0  # a thousand documents that meet one dead network are one piece of news


class _Notices(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._say = say
        self._last = -_SECONDS_BETWEEN

    def emit(self, record: logging.LogRecord) -> None:
        """Say it, unless something was said a moment ago."""
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN:
            self._last = now
            self._say(clean(record.getMessage()))


def _to_stderr(text: str) -> None:
    click.echo(f"plextera: {text}", err=True)


@contextmanager
def retry_notices(say: Callable[[str], None] = _to_stderr) -> Generator[None, None, None]:
    """Pass on what the library says of attempts to come, if stderr is a terminal: somebody waits there."""
    if not sys.stderr.isatty():
        yield
        return
    notices = _Notices(say)
    level = _LIBRARY.level
    _LIBRARY.addHandler(notices)
    _LIBRARY.setLevel(logging.INFO)
    try:
        yield
    finally:
        _LIBRARY.setLevel(level)
        _LIBRARY.removeHandler(notices)
