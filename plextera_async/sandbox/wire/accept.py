"""Says whether a client takes JSON (RFC 9110, 12.5.1)."""

from functools import lru_cache

_JSON_RANGES = ("application/json", "application/*", "*/*")


@lru_cache(maxsize=256)
def takes_json(accept: str) -> bool:
    """Say whether *accept*, the header's value, admits `application/json`; an empty one admits all."""
    if not accept.strip():
        return True
    weights = dict(_weighted(media_range) for media_range in accept.split(","))
    # The most specific range that fits decides.
    return next((weights[name] > 0 for name in _JSON_RANGES if name in weights), False)


def _weighted(media_range: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in media_range.split(";"))
    weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    try:
        return name, float(weight)
    except ValueError:
        return name, 1.0
