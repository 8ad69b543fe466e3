"""Results as tables on stdout, for people."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from plextera_async.cli.showing.lines import to_json
from plextera_async.cli.showing.text import clean
from plextera_async.models import RunStep

__all__ = ["show_fields", "show_steps"]


def show_fields(fields: Iterable[Mapping[str, Any]]) -> None:
    """Print the fields of an extraction, given as plain data."""
    rows = (
        (field.get("name") or field.get("id"), field.get("value"), field.get("confidence"))
        for field in fields
    )
    _show(("FIELD", "VALUE", "CONFIDENCE"), rows)


def show_steps(steps: Iterable[RunStep]) -> None:
    """Print the steps of a run."""
    _show(
        ("STEP", "STATUS", "MESSAGE"), ((step.name or step.id, step.status, step.message) for step in steps)
    )


def _show(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in head:
        table.add_column(title, overflow="fold")
    for row in rows:
        # Text, because rich would read square brackets in a plain string as markup
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console(file=sys.stdout, highlight=False)
    with console.capture() as captured:  # rich itself ends the process when nobody reads any more
        console.print(table)
    sys.stdout.write(captured.get())
    sys.stdout.flush()


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return clean(value if isinstance(value, str) else to_json(value))
