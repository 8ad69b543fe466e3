"""Tells that a request is being tried again, so that a pause is not taken for a hang."""

import logging
import math
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from plextera_async.cli.showing.text import clean

__all__ = ["retry_notices"]

_LIBRARY = logging.getLogger("plextera_async")
_SECONDS_BETWEEN = 5.0  # a thousand documents that meet one dead network are one piece of news
_SECONDS_BETWEEN_IN_LOGS = 60.0


class _Notices(logging.Handler):
    def __init__(self, say: Callable[[str], None], seconds_between: float) -> None:
        super().__init__(logging.INFO)
        self._say = say
        self._seconds_between = seconds_between
        self._last = -math.inf

    def emit(self, record: logging.LogRecord) -> None:
        """Say it, unless something was said a moment ago."""
        now = time.monotonic()
        if now - self._last >= self._seconds_between:
            self._last = now
            self._say(clean(record.getMessage()))


def _to_stderr(text: str) -> None:
    click.echo(f"plextera: {text}", err=True)


@contextmanager
def retry_notices(
    say: Callable[[str], None] = _to_stderr, *, always: bool = False
) -> Generator[None, None, None]:
    """Pass on what the library says of attempts to come, if stderr is a terminal: somebody waits there.

    Args:
        say: Tells a line.
        always: Also where stderr is none, once a minute: of what may go on for hours.
    """
    is_terminal = sys.stderr.isatty()
    if not (is_terminal or always):
        yield
        return
    notices = _Notices(say, _SECONDS_BETWEEN if is_terminal else _SECONDS_BETWEEN_IN_LOGS)
    level = _LIBRARY.level
    _LIBRARY.addHandler(notices)
    _LIBRARY.setLevel(logging.INFO)
    try:
        yield
    finally:
        _LIBRARY.setLevel(level)
        _LIBRARY.removeHandler(notices)
