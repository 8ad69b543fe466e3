"""Moments as the API writes them."""

from datetime import UTC, datetime
from functools import lru_cache


def stamp(moment: float) -> str:
    """Write a moment as UTC ISO 8601 with seconds and `Z`, as in every sample of the documentation."""
    return _stamp(int(moment))


@lru_cache(maxsize=1024)
def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
