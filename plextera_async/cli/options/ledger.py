"""The options of an ingestion that keeps a ledger."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

__all__ = ["ledger_options"]


def ledger_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--ledger` and what goes with it only."""

    @wraps(command)
    def checked(*, ledger: str | None, on_ambiguous: str | None, content_hash: bool, **options: Any) -> None:
        if ledger is None and (on_ambiguous or content_hash):
            raise click.UsageError("--on-ambiguous and --content-hash go with --ledger")
        kept = {
            "ledger": ledger,
            "on_ambiguous": on_ambiguous or "resend",
            "content_hash": content_hash,
        }
        command(**kept, **options)

    for option in reversed(_OPTIONS):
        checked = option(checked)
    return checked


_OPTIONS = (
    click.option(
        "--ledger",
        metavar="FILE",
        help="Keep a ledger here (mode 0600), and go on with the one that is there; then PATHS may be missing, and what "
        "was submitted is waited for.",
    ),
    click.option(
        "--on-ambiguous",
        type=click.Choice(["resend", "hold"]),
        help="What becomes of a document that may have been submitted, once it is proven that it was not: it is sent, or "
        "held for `plextera ledger resolve`.  [default: resend]",
    ),
    click.option(
        "--content-hash",
        is_flag=True,
        help="Do not submit a file with the bytes of an earlier one: it gets that one's result.",
    ),
)
