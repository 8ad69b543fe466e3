"""Which service a command talks to, and with which key: options, environment, files; never an argument for a secret."""

import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import attrs
import click

from plextera_async.client.client import AsyncPlextera
from plextera_async.errors import ConfigurationError
from plextera_async.options import ClientOptions, PollPolicy

__all__ = ["Connection", "connection_options", "read_key", "sandbox_option", "timeout_option"]

_SANDBOX_NOTE = "plextera: results come from the sandbox, a pretend service inside this process that is no OCR and no model"
# The sandbox ends a job within a third of a second; the pauses for the real service would be most of the time.
_SANDBOX_PAUSES = {"first_delay": 0.1, "max_delay": 1.0}


def read_key(file: str) -> str:
    """Read an API key from a file; `-` is stdin.

    Raises:
        ConfigurationError: If it cannot be read or is empty.
    """
    try:
        key = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} holds no API key: it is not text") from None
    except OSError as failure:
        raise ConfigurationError(f"the API key cannot be read from {file}: {failure.strerror}") from failure
    if not key.strip():
        raise ConfigurationError(f"{file} holds no API key: it is empty")
    return key.strip()


@attrs.frozen
class Connection:
    """Which service, and with which key."""

    base_url: str | None = None
    api_key_file: str | None = None
    sandbox: bool = False

    @asynccontextmanager
    async def open(
        self, *, wait_timeout: float | None = None, **options: Any
    ) -> AsyncGenerator[AsyncPlextera, None]:
        """Give a client, for as long as the block lasts.

        Args:
            wait_timeout: Seconds that a job is waited for; None is the library's hour.
            options: Fields of `ClientOptions`.

        Raises:
            ConfigurationError: If something about it can never work.
        """
        limit = {} if wait_timeout is None else {"wait_timeout": wait_timeout}
        pauses = _SANDBOX_PAUSES if self.sandbox else {}
        settings = ClientOptions(polling=PollPolicy(**limit, **pauses), **options)
        if not self.sandbox:
            async with AsyncPlextera(self._key(), base_url=self.base_url, options=settings) as client:
                yield client
            return
        from plextera_async.sandbox import Sandbox  # noqa: PLC0415 - a server: only who asks for it pays

        click.echo(_SANDBOX_NOTE, err=True)
        async with (
            Sandbox() as sandbox,
            AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url, options=settings) as client,
        ):
            yield client

    def _key(self) -> str:
        key = read_key(self.api_key_file) if self.api_key_file else os.environ.get("PLEXTERA_API_KEY")
        if not key:
            raise ConfigurationError(
                "no API key: set PLEXTERA_API_KEY or give --api-key-file FILE; --sandbox needs none"
            )
        return key


def connection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a connection, handed to it as one `connection`."""

    @wraps(command)
    def connected(
        *, base_url: str | None, api_key_file: str | None, sandbox: bool = False, **options: Any
    ) -> None:
        if sandbox and (base_url or api_key_file):
            raise click.UsageError("--sandbox goes with neither --base-url nor --api-key-file")
        command(connection=Connection(base_url, api_key_file, sandbox), **options)

    for option in reversed(_OPTIONS):
        connected = option(connected)
    return connected


sandbox_option = click.option(
    "--sandbox", is_flag=True, help="Use a pretend service inside this process; no key needed."
)
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Longest wait for the end of a job. [default: 3600]",
)
_OPTIONS = (
    click.option("--base-url", metavar="URL", help="Address of the service. [env: PLEXTERA_BASE_URL]"),
    click.option("--api-key-file", metavar="FILE", help="File that holds the API key; - is stdin."),
)
