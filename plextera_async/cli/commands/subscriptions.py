"""`plextera subscriptions`: where events are delivered."""

from collections.abc import Awaitable, Callable
from typing import Any

import click

from plextera_async._sansio.codec import plain
from plextera_async.cli._running import run as run_to_its_end
from plextera_async.cli.options.connection import Connection, connection_options
from plextera_async.cli.options.secrets import read_secret, secret_option
from plextera_async.cli.showing.lines import to_json
from plextera_async.cli.showing.notices import retry_notices
from plextera_async.cli.showing.progress import print_line
from plextera_async.cli.showing.text import clean
from plextera_async.client.client import AsyncPlextera
from plextera_async.errors import InvalidInputError
from plextera_async.models import EventSubscription

__all__ = ["command"]

_json_option = click.option("--json", "as_json", is_flag=True, help="Print each as one line of JSON.")
_id_argument = click.argument("subscription_id", metavar="ID")


def _check_https(_context: click.Context, _option: click.Parameter, url: str) -> str:
    if not url.startswith("https://"):
        raise click.BadParameter("it must begin with https://")
    return url


@click.group("subscriptions")
def command() -> None:
    """Show and change where events are delivered.

    Prints one line for each subscription: id, status, endpoint, event types. Signing secrets are never shown.
    """


@command.command("list")
@click.option("--status", type=click.Choice(["active", "paused"]), help="Only subscriptions in this status.")
@click.option("--event-type", metavar="TYPE", help="Only subscriptions that include this type.")
@_json_option
@connection_options
def list_all(*, connection: Connection, as_json: bool, **filters: Any) -> None:
    """List subscriptions, the newest first."""

    async def show(client: AsyncPlextera) -> None:
        async for one in client.event_subscriptions.list(**filters):
            _show(one, as_json=as_json)

    _call(connection, show)


@command.command()
@click.option(
    "--endpoint-url", metavar="URL", required=True, callback=_check_https, help="Where to deliver; https."
)
@click.option(
    "--event-type",
    "event_types",
    metavar="TYPE",
    multiple=True,
    required=True,
    help="Which events, such as workflow.run.failed; repeatable.",
)
@click.option("--workflow-id", metavar="ID", help="Only workflow events of this workflow.")
@secret_option
@_json_option
@connection_options
def create(*, connection: Connection, secret_file: str | None, as_json: bool, **fields: Any) -> None:
    """Deliver events to an endpoint from now on."""
    secret = _secret(secret_file, connection)

    async def make(client: AsyncPlextera) -> None:
        _show(await client.event_subscriptions.create(signing_secret=secret, **fields), as_json=as_json)

    _call(connection, make)


@command.command()
@_id_argument
@_json_option
@connection_options
def pause(*, connection: Connection, subscription_id: str, as_json: bool) -> None:
    """Stop deliveries; what happens meanwhile may never be delivered."""

    async def stop(client: AsyncPlextera) -> None:
        _show(await client.event_subscriptions.pause(subscription_id), as_json=as_json)

    _call(connection, stop)


@command.command()
@_id_argument
@_json_option
@connection_options
def resume(*, connection: Connection, subscription_id: str, as_json: bool) -> None:
    """Begin deliveries again."""

    async def begin(client: AsyncPlextera) -> None:
        _show(await client.event_subscriptions.resume(subscription_id), as_json=as_json)

    _call(connection, begin)


@command.command()
@_id_argument
@click.option(
    "--secret-file", metavar="FILE", required=True, help="File that holds the new signing secret; - is stdin."
)
@_json_option
@connection_options
def rotate(*, connection: Connection, subscription_id: str, secret_file: str, as_json: bool) -> None:
    """Sign later deliveries with another secret, which your receiver should accept already."""
    secret = _secret(secret_file, connection)

    async def change(client: AsyncPlextera) -> None:
        _show(await client.event_subscriptions.rotate_secret(subscription_id, secret), as_json=as_json)

    _call(connection, change)


@command.command()
@_id_argument
@connection_options
def delete(*, connection: Connection, subscription_id: str) -> None:
    """Delete a subscription."""

    async def remove(client: AsyncPlextera) -> None:
        await client.event_subscriptions.delete(subscription_id)
        print_line(f"{clean(subscription_id)}  deleted")

    _call(connection, remove)


def _secret(file: str | None, connection: Connection) -> str:
    if file == connection.api_key_file == "-":
        raise click.UsageError("stdin can hold the API key or the signing secret, not both")
    return read_secret(file)


def _call(connection: Connection, what: Callable[[AsyncPlextera], Awaitable[None]]) -> None:
    async def calling() -> None:
        async with connection.open() as client:
            await what(client)

    try:
        with retry_notices():
            run_to_its_end(calling)
    except InvalidInputError as refused:  # all of the input is options
        raise click.UsageError(str(refused)) from None


def _show(one: EventSubscription, *, as_json: bool) -> None:
    if as_json:
        print_line(to_json(plain(one)))
        return
    types = ",".join(one.event_types or ["-"])
    filters = "".join(f"  {name}={value}" for name, value in plain(one).get("filters", {}).items())
    print_line(clean(f"{one.id}  {one.status}  {one.endpoint_url or '-'}  {types}{filters}"))
