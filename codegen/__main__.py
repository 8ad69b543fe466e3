"""`python -m codegen` writes the generated code; with `--check` it compares, shows the difference and exits 1."""

import argparse
import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from codegen.outputs import render
from codegen.spec import SpecError

_ROOT: Final = Path(__file__).resolve().parent.parent
_SPEC: Final = _ROOT / "openapi" / "plextera.yaml"
_FOLDER: Final = _ROOT / "plextera_async" / "_generated"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code: 0, or 1 when `--check` found a difference or the document cannot be expressed.
    """
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 and show a diff if files differ"
    )
    parser.add_argument("--spec", type=Path, default=_SPEC, help="the OpenAPI document")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="where the generated code is kept")
    options = parser.parse_args(arguments)
    try:
        files = render(options.spec)
    except SpecError as error:
        sys.stderr.write(f"{options.spec.name}{error}\n")
        return 1
    return compare(files, options.folder) if options.check else write(files, options.folder)


def write(files: Mapping[str, str], folder: Path) -> int:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return 0


def compare(files: Mapping[str, str], folder: Path) -> int:
    """Compare all files with what is kept, and show how they differ."""
    different = [name for name, text in files.items() if _kept(folder / name) != text]
    for name in different:
        before, after = _kept(folder / name), files[name]
        lines = difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"kept/{name}",
            f"generated/{name}",
        )
        sys.stdout.writelines(lines)
    return 1 if different else 0


def _kept(path: Path) -> str:
    return path.read_bytes().decode() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
