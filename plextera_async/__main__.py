"""`python -m plextera_async` is the `plextera` command."""

import sys

from plextera_async.cli import main

if __name__ == "__main__":
    sys.exit(main())
