"""The last touch: ruff, with settings that no configuration file can change."""

import subprocess
import sys
from typing import Final

from codegen.spec import SpecError

_SETTINGS: Final = (
    *("--isolated", "--quiet", "--no-cache", "--config", "line-length=110", "--target-version", "py311"),
    *("--stdin-filename", "generated.py", "-"),
)


def tidy(source: str) -> str:
    """Drop unused imports, sort the others, and lay the code out.

    Raises:
        SpecError: If the source is no valid Python.
    """
    # First-party packages are told apart by the working directory otherwise.
    first_party = ("--config", 'lint.isort.known-first-party=["plextera_async"]')
    checked = _ruff("check", "--select", "F401,I", "--fix", *first_party, source=source)
    return _ruff("format", source=checked)


def _ruff(*arguments: str, source: str) -> str:
    command = (sys.executable, "-m", "ruff", *arguments, *_SETTINGS)
    done = subprocess.run(command, input=source, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - our words
    if done.returncode:
        raise SpecError("#", f"ruff refused the generated code: {done.stderr or done.stdout}")
    return done.stdout
