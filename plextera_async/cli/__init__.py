"""The `plextera` command. This module loads nothing but the standard library: the rest is an extra."""

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TextIO

__all__ = ["main"]

_NEEDED = ("click", "rich")
_HINT = 'plextera: the command is an extra that is not installed: pip install "plextera_async[cli]"'
_BAD_SETUP = 2
_INTERRUPTED = 130


def main() -> int:
    """Run the command on the arguments of this process, and give its exit code."""
    if not all(find_spec(name) for name in _NEEDED):
        sys.stderr.write(f"{_HINT}\n")
        return _BAD_SETUP
    if sys.stdout is None:  # as Python has it when it was started with `>&-`
        sys.stderr.write("plextera: there is no stdout to write results to\n")
        return _BAD_SETUP
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_a_character(stream)
    try:
        code: int = import_module("plextera_async.cli._app").run()
    except KeyboardInterrupt:  # before a command could take care of it
        return _INTERRUPTED
    return code


def _never_fail_on_a_character(stream: TextIO) -> None:
    """Escape what the terminal's encoding lacks: a table must not end in a UnicodeEncodeError."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
