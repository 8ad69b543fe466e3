"""`plextera webhook`: help with receiving events."""

import json
import re
from pathlib import Path
from typing import Any, cast

import click

from plextera_async.cli.options.secrets import read_secret, secret_option
from plextera_async.cli.showing.progress import print_line
from plextera_async.cli.showing.text import clean
from plextera_async.errors import WebhookVerificationError
from plextera_async.webhooks import ExtractionEvent, ExtractJobEvent, RunEvent, WebhookEvent, WebhookVerifier

__all__ = ["command"]

_REQUEST_LINE = re.compile(r"[A-Z]+ \S+ HTTP/[0-9.]+\s*")


@click.group("webhook")
def command() -> None:
    """Help with receiving events."""


def _read_file(_context: click.Context, _option: click.Parameter, name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as failure:
        raise click.BadParameter(f"{clean(name)} cannot be read: {failure.strerror}") from None


def _read_headers(context: click.Context, option: click.Parameter, name: str) -> list[tuple[str, str]]:
    """Read `Name: value` lines, perhaps below a request line, or a JSON object."""
    text = _read_file(context, option, name).decode("utf-8-sig", "replace")
    pairs = _json_pairs(text) if text.lstrip().startswith("{") else _line_pairs(text)
    return [(key.strip(), value.strip()) for key, value in pairs]


def _line_pairs(text: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if number == 1 and _REQUEST_LINE.fullmatch(line):
            continue
        name, colon, value = line.partition(":")
        if line.strip() and not colon:
            raise click.BadParameter(f"line {number} is no `Name: value`")
        pairs.append((name, value))
    return pairs


def _json_pairs(text: str) -> list[tuple[str, str]]:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise click.BadParameter("it is not JSON") from None
    pairs = list(cast("dict[str, Any]", value).items())
    if not all(isinstance(value, str) for _, value in pairs):
        raise click.BadParameter("every header must be a string")
    return pairs


@command.command()
@click.option(
    "--body", metavar="FILE", required=True, callback=_read_file, help="The raw body, exactly as it came."
)
@click.option(
    "--headers",
    metavar="FILE",
    required=True,
    callback=_read_headers,
    help="The headers: `Name: value` lines as they came, or a JSON object.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=300.0,
    show_default=True,
    help="Oldest age; inf for a request of any age.",
)
@secret_option
def verify(*, body: bytes, headers: list[tuple[str, str]], tolerance: float, secret_file: str | None) -> None:
    """Check a captured request: print its event as type, event id, id and status, or why it is not trusted."""
    verifier = WebhookVerifier(read_secret(secret_file), tolerance=tolerance)
    try:
        event = verifier.verify(body, headers)
    except WebhookVerificationError as failure:
        click.echo(f"plextera: not trusted: {clean(failure)}", err=True)
        click.get_current_context().exit(1)
    print_line(clean("  ".join((event.event_type, event.event_id, *_job(event)))))


def _job(event: WebhookEvent) -> tuple[str, ...]:
    if isinstance(event, ExtractionEvent):
        return event.extraction.id, event.extraction.status
    if isinstance(event, RunEvent):
        return event.run.id, event.run.status
    return (event.job.id, event.job.status) if isinstance(event, ExtractJobEvent) else ()
