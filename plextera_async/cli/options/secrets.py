"""Signing secrets: from the environment, a file or stdin, never from an argument."""

import os
import sys
from pathlib import Path

import click

from plextera_async.cli.showing.text import clean
from plextera_async.errors import ConfigurationError

__all__ = ["read_secret", "secret_option"]

_VARIABLE = "PLEXTERA_SIGNING_SECRET"


def read_secret(file: str | None) -> str:
    """Read a signing secret from a file, `-` being stdin, or for None from the environment.

    A line end after it does not belong to it.

    Raises:
        ConfigurationError: If there is none.
    """
    if file is None:
        secret = os.environ.get(_VARIABLE, "")
        if not secret:
            raise ConfigurationError(f"no signing secret: set {_VARIABLE} or give --secret-file FILE")
        return secret
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{clean(file)} holds no signing secret: it is not text") from None
    except OSError as failure:
        reason = f"the signing secret cannot be read from {clean(file)}: {failure.strerror}"
        raise ConfigurationError(reason) from None
    secret = text.rstrip("\r\n")
    if not secret:
        raise ConfigurationError(f"{clean(file)} holds no signing secret: it is empty")
    return secret


secret_option = click.option(
    "--secret-file",
    metavar="FILE",
    help=f"File that holds the signing secret; - is stdin. [env: {_VARIABLE}]",
)
