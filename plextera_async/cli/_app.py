"""The command group: which commands there are, and how every failure becomes one line and an exit code."""

import errno
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import click

from plextera_async.cli.showing.failures import INTERRUPTED, exit_code, explain
from plextera_async.errors import PlexteraError

__all__ = ["app", "run"]

_COMMANDS = {
    "ingest": "Extract every document of folders, files and patterns.",
    "ledger": "Show and settle what an ingestion has written down.",
    "extract": "Extract one document and show its fields.",
    "run": "Start a workflow and wait for its end.",
    "wait": "Wait for jobs that were started elsewhere or earlier.",
    "subscriptions": "Show and change where events are delivered.",
    "webhook": "Help with receiving events.",
    "sandbox": "Serve a pretend Plextera API on this machine.",
}
_EPILOG = (
    "The API key comes from PLEXTERA_API_KEY or --api-key-file, never from an argument. "
    "Exit codes: 0 all completed, 1 something did not, 2 wrong usage or configuration, 130 interrupted."
)


class _Group(click.Group):
    """Loads a command when it is used, so that `plextera --help` need not load the client."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"plextera_async.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except PlexteraError as failure:
            click.echo(f"plextera: {explain(failure)}", err=True)
            ctx.exit(exit_code(failure))
        except OSError as failure:
            if failure.errno == errno.EPIPE:  # the reader has seen enough, which click knows to end quietly
                raise
            click.echo(f"plextera: a result cannot be written: {failure.strerror}", err=True)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("plextera: interrupted", err=True)
            ctx.exit(INTERRUPTED)


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's signature
    if not wanted:
        return
    try:
        number = version("plextera-async")
    except PackageNotFoundError:  # run from a source tree
        number = "of a source tree"
    click.echo(f"plextera, version {number}")
    context.exit()


@click.group("plextera", cls=_Group, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def app() -> None:
    """Send documents to the Plextera Public API and get structured fields back."""


def run() -> int:
    """Run the command on this process's arguments; gives the exit code."""
    try:
        app.main(prog_name="plextera")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0
