"""Tells that a request is being tried again, so that a pause is not taken for a hang."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager

import click

from plextera_async.cli.showing.text import clean

__all__ = ["retry_notices"]

_REQUESTS = logging.getLogger("plextera_async.requests")


class _Notices(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Write a line to stderr."""
        click.echo(f"plextera: {clean(record.getMessage())}", err=True)


@contextmanager
def retry_notices() -> Generator[None, None, None]:
    """Write what the library says of attempts to come to stderr, if that is a terminal: somebody waits there."""
    if not sys.stderr.isatty():
        yield
        return
    notices = _Notices(logging.INFO)
    level = _REQUESTS.level
    _REQUESTS.addHandler(notices)
    _REQUESTS.setLevel(logging.INFO)
    try:
        yield
    finally:
        _REQUESTS.setLevel(level)
        _REQUESTS.removeHandler(notices)
