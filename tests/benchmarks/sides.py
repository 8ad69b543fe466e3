"""Two sides in turns: each measured in fresh processes, compared round by round, told as a table and as JSON."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.measure import on_core
from tests.benchmarks.report import FOLDER, keep

__all__ = ["Row", "arguments", "in_turns", "row", "tell"]


@dataclass(frozen=True)
class Row:
    """One figure against its bar: the median of the rounds' own ratios, with the least and the most of them."""

    figure: str
    against: str
    median: float
    least: float
    most: float
    bar: float | None
    stretch: float | None
    scale: str


def row(
    figure: str,
    against: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    unit: str,
    levels: tuple[float | None, float | None] = (None, None),
) -> Row:
    """Compare round by round, so that what slowed a whole round cancels out."""
    each = [one / other for one, other in zip(ours, theirs, strict=True)]
    scale = f"{median(ours):.4g} {unit} against {median(theirs):.4g} {unit}"
    return Row(figure, against, median(each), min(each), max(each), *levels, scale)


def in_turns(
    sides: Mapping[str, Sequence[str]], *, number: int, path: str = ""
) -> dict[str, list[dict[str, Any]]]:
    """Run the command of each side once a round, in an order that turns; each prints its figures as JSON.

    Args:
        sides: Arguments for the interpreter, by side.
        number: How many rounds.
        path: A folder of modules that a side needs besides.
    """
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(Path.cwd()), path]))}
    seen: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for turn in range(number):
        for side in [*sides] if turn % 2 else reversed([*sides]):
            command = [sys.executable, *sides[side]]
            with on_core(1):
                done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environ)
            seen[side].append(json.loads(done.stdout))
    return seen


def arguments(about: str, *, name: str, rounds: int) -> argparse.Namespace:
    """Read the arguments that both benchmarks take."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"how many rounds; {rounds}")
    file = FOLDER / f"{name}.json"
    parser.add_argument(
        "--json", type=Path, default=file, help=f"write all figures of all rounds here; {file}"
    )
    return parser.parse_args()


def tell(rows: Sequence[Row], raw: Any, file: Path) -> None:
    """Print the table, and write what it was made of."""
    print("| Figure | Against | Ratio (least - most) | Bar | Stretch | For scale |")  # noqa: T201 - what it is for
    print("| --- | --- | --- | --- | --- | --- |")  # noqa: T201 - as above
    for one in rows:
        spread = f"**{one.median:.2f}** ({one.least:.2f} - {one.most:.2f})"
        levels = ["" if level is None else f"<= {level:g}" for level in (one.bar, one.stretch)]
        cells = [one.figure, one.against, spread, *levels, one.scale]
        print(f"| {' | '.join(cells)} |")  # noqa: T201 - as above
    keep(file, rows=[asdict(one) for one in rows], rounds=raw)
