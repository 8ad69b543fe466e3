"""Look into a wheel: the package with its typing marker and licence data, and nothing of the workshop."""

import sys
import zipfile

NEEDED = {
    "plextera_async/__init__.py",
    "plextera_async/py.typed",
    "plextera_async/_generated/models.py",
    "plextera_async/_generated/operations.py",
    "plextera_async/cli/__init__.py",
    "plextera_async/sandbox/__init__.py",
}


def main(wheel: str) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    missing = sorted(NEEDED - names)
    strays = sorted(name for name in names if not name.startswith(("plextera_async/", "plextera_async-")))
    if missing or strays:
        sys.exit(f"missing: {missing}; should not be there: {strays}")


main(sys.argv[1])
