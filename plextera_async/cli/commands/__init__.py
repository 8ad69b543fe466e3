"""One file per command: what it is given, what it calls, its exit code."""
