"""What is told of a benchmark: a table of ratios with their spread, and the same as JSON."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Ratio

__all__ = ["FOLDER", "Row", "keep", "surroundings", "table", "tell"]

FOLDER = Path("build/benchmarks")
_PACKAGES = (
    "aiohttp",
    "anyio",
    "attrs",
    "cattrs",
    "httpx",
    "httpx2",
    "msgspec",
    "openai",
    "openapi-python-client",
    "orjson",
    "pydantic",
    "uvloop",
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure against its bar."""

    work: str
    figure: str
    against: str
    ratio: Ratio
    bar: float
    stretch: float
    more_is_better: bool = False
    detail: str = ""
    """Absolute figures, for scale only: they change with the machine and with what else it does."""

    @property
    def verdict(self) -> str:
        """Say what the median reaches."""
        reached = [
            self.ratio.median >= level if self.more_is_better else self.ratio.median <= level
            for level in self.levels
        ]
        return "stretch" if reached[1] else "bar" if reached[0] else "**short**"

    @property
    def levels(self) -> tuple[float, float]:
        """Give bar and stretch."""
        return self.bar, self.stretch


def surroundings() -> dict[str, Any]:
    """Say where and with what a run was made."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    rows = told.read_text().splitlines() if told.exists() else []
    named = [row.partition(":")[2].strip() for row in rows if row.startswith("model name")]
    return named[0] if named else platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def table(rows: Sequence[Row]) -> str:
    """Make the table, as Markdown."""
    lines = ["| Work | Figure | Against | Ratio (least - most) | Bar | Stretch | Reached | For scale |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        sign = ">=" if row.more_is_better else "<="
        spread = f"**{row.ratio.median:.2f}** ({row.ratio.least:.2f} - {row.ratio.most:.2f})"
        cells = [row.work, row.figure, row.against, spread, f"{sign} {row.bar:g}", f"{sign} {row.stretch:g}"]
        lines.append(f"| {' | '.join([*cells, row.verdict, row.detail])} |")
    return "\n".join(lines)


def keep(file: Path, **figures: Any) -> None:
    """Write figures as JSON, with where and with what they were made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**surroundings(), **figures}, indent=1))


def tell(name: str, rows: Sequence[Row], *, raw: Any = None) -> None:
    """Print the table and write the JSON, with every round's figures in it."""
    told = [{**asdict(row), "verdict": row.verdict} for row in rows]
    file = FOLDER / f"{name}.json"
    keep(file, name=name, rows=told, rounds=raw)
    print(table(rows), flush=True)  # noqa: T201 - what the command is for
    print(f"{file}", file=sys.stderr)  # noqa: T201 - as above
