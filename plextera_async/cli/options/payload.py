"""The options `--payload` and `--form` of `plextera run`."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from plextera_async.cli.showing.text import clean
from plextera_async.client.runs import FormFile

__all__ = ["read_form", "read_payload"]


def read_payload(_context: click.Context, _option: click.Parameter, given: str | None) -> Any:
    """Read a JSON value: written out, from a file (`@FILE`) or from stdin (`-`).

    Raises:
        click.BadParameter: If it cannot be read or is not JSON.
    """
    if given is None:
        return None
    try:
        return json.loads(_text(given))
    except RecursionError:
        raise click.BadParameter("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise click.BadParameter("it is not UTF-8 text") from None
    except ValueError as failure:
        raise click.BadParameter(f"it is not JSON: {failure}") from None


def _text(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text("utf-8")
    except OSError as failure:
        raise click.BadParameter(f"{clean(given[1:])} cannot be read: {failure.strerror}") from None


def read_form(
    _context: click.Context, _option: click.Parameter, pairs: tuple[str, ...]
) -> dict[str, str | list[FormFile]]:
    """Read form parts: `NAME=VALUE` is text, `NAME=@FILE` a file; a name that comes again adds a file.

    Raises:
        click.BadParameter: If one has no name, or a name that comes again is not of files only.
    """
    fields: dict[str, str | list[FormFile]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"write it as NAME=VALUE or NAME=@FILE: {pair!r}")
        part = [FormFile(value[1:])] if value.startswith("@") else value
        before = fields.get(name)
        if before is None:
            fields[name] = part
        elif isinstance(before, list) and isinstance(part, list):
            before += part
        else:
            raise click.BadParameter(f"{name!r} comes twice: only files may share a name")
    return fields
