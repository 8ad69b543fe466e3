"""`plextera sandbox`: the pretend service, for other programs on this machine."""

import shlex
import signal
import sys
from typing import Any

import anyio
import click

from plextera_async.cli.options.connection import read_key
from plextera_async.cli.showing.progress import print_line
from plextera_async.sandbox import Sandbox, Timing

__all__ = ["command"]

# Ctrl-C cancels the task by itself, but a shell's background job never gets it. Windows has no such signal.
_ENDS = () if sys.platform == "win32" else (signal.SIGTERM,)
_SECONDS = click.FloatRange(min=0, max=86_400)


def _read_endpoints(
    _context: click.Context, _option: click.Parameter, pairs: tuple[str, ...]
) -> dict[str, str]:
    endpoints: dict[str, str] = {}
    for pair in pairs:
        url, equals, target = pair.rpartition("=http://")  # a URL may hold an equals sign too
        if not equals:
            raise click.BadParameter(f"write it as https://URL=http://TARGET: {pair!r}")
        endpoints[url] = f"http://{target}"
    return endpoints


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    metavar="PORT",
    help="Port to listen on. [default: a free one]",
)
@click.option(
    "--api-key-file", metavar="FILE", help="File that holds the one valid key. [default: a new key]"
)
@click.option(
    "--queued",
    type=_SECONDS,
    metavar="SECONDS",
    default=0.05,
    show_default=True,
    help="Time until a job begins.",
)
@click.option(
    "--processing",
    type=_SECONDS,
    metavar="SECONDS",
    default=0.2,
    show_default=True,
    help="Time that a job takes.",
)
@click.option(
    "--endpoint",
    "endpoints",
    multiple=True,
    callback=_read_endpoints,
    metavar="URL=TARGET",
    help="Deliver what is subscribed at the https URL to http://127.0.0.1:PORT/PATH; repeatable.",
)
def command(*, api_key_file: str | None, queued: float, processing: float, **settings: Any) -> None:
    """Serve a pretend Plextera API on loopback until Ctrl-C.

    Prints the lines that point other programs to it. It is no OCR and no model: fields come from plain rules.
    """
    key = None if api_key_file is None else read_key(api_key_file)
    try:
        sandbox = Sandbox(api_key=key, timing=Timing(queued=queued, processing=processing), **settings)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--endpoint") from None
    try:
        anyio.run(_serve, sandbox, api_key_file)
    except OSError as failure:
        raise click.ClickException(
            f"the sandbox cannot listen on port {settings['port']}: {failure.strerror}"
        ) from None
    except KeyboardInterrupt:
        pass  # that is how it is meant to end
    click.echo("plextera: the sandbox has ended", err=True)


async def _serve(sandbox: Sandbox, api_key_file: str | None) -> None:
    async with sandbox:
        with anyio.open_signal_receiver(*_ENDS) as ends:
            print_line(f"export PLEXTERA_BASE_URL={sandbox.base_url}")
            if api_key_file is None:
                print_line(f"export PLEXTERA_API_KEY={sandbox.api_key}")
            elif api_key_file != "-":  # a key of the user's own is not shown
                print_line(f'export PLEXTERA_API_KEY="$(cat {shlex.quote(api_key_file)})"')
            click.echo("plextera: the sandbox answers, until Ctrl-C; it is no OCR and no model", err=True)
            async for _ in ends:
                return
