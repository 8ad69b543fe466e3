"""All benchmarks, one after the other: `python -m tests.benchmarks [--keep] [NAME...]`.

Each prints its table and writes its JSON to `build/benchmarks`. With --keep the tables go to RESULTS.md as well, above
the notes that stand there.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.report import surroundings

__all__ = ["main"]

NAMES = ("jobs", "fan_out", "uploads", "decoding", "starting", "waiting", "quota")
_HERE = Path(__file__).parent
_RESULTS = _HERE / "RESULTS.md"
_NOTES = "Notes"


def _run(name: str) -> str:
    """Run one, showing what it says; gives its standard output."""
    print(f"\n## {name}\n", flush=True)  # noqa: T201 - what the command is for
    command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)  # noqa: T201 - as above
            said.append(line)
    if process.returncode:
        raise SystemExit(f"{name} failed")
    told = "".join(said).strip()
    return told if "| ---" in told else f"```text\n{told}\n```"


_HEAD = """# Results

Made by `python -m tests.benchmarks --keep`. Every ratio is the median of the rounds' own ratios, with the least and the most
of them beside it."""


def _made() -> str:
    """Say when, where and with what a table was made: each may be of another day."""
    where = surroundings()
    packages = ", ".join(f"{name} {version}" for name, version in where["packages"].items())
    return (
        f"On {where['date']}: Python {where['python']} on {where['system']}, {where['cores']} cores ({where['machine']}), "
        f"load {where['load']} when it ended. {packages}."
    )


def _keep(tables: dict[str, str]) -> None:
    """Put new tables in the place of old ones; the others, and the notes, stay as they are."""
    _, *parts = _RESULTS.read_text().split("\n## ") if _RESULTS.exists() else [""]
    old = {name: text.strip() for name, _, text in (part.partition("\n") for part in parts)}
    all_of_them = {**old, **tables}
    order = [name for name in (*NAMES, _NOTES) if name in all_of_them]
    _RESULTS.write_text("\n\n".join([_HEAD, *(f"## {name}\n\n{all_of_them[name]}" for name in order)]) + "\n")


def main() -> None:
    """Run those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="write RESULTS.md")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    arguments = parser.parse_args()
    here = [name for name in NAMES if (_HERE / f"{name}.py").exists()]
    tables = {name: f"{_run(name)}\n\n{_made()}" for name in arguments.names or here}
    if arguments.keep:
        _keep(tables)


if __name__ == "__main__":
    main()
