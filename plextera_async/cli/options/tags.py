"""The option `--tag KEY=VALUE`."""

import click

from plextera_async._sansio.inputs import KEY_TAG, checked
from plextera_async.errors import InvalidInputError
from plextera_async.models import ExtractionUpload

__all__ = ["tag_option"]


def _read(_context: click.Context, _option: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"write it as KEY=VALUE: {pair!r}")
        if name in tags:
            raise click.BadParameter(f"{name!r} comes twice")
        tags[name] = value
    if KEY_TAG in tags:
        raise click.BadParameter(f"{KEY_TAG!r} is set by the command itself, anew for each document")
    try:
        with checked():  # now, and not once for every document
            ExtractionUpload(tags=tags)
    except InvalidInputError as refused:
        raise click.BadParameter(str(refused)) from None
    return tags


tag_option = click.option(
    "--tag",
    "tags",
    multiple=True,
    callback=_read,
    metavar="KEY=VALUE",
    help="Label the extraction; repeatable.",
)
