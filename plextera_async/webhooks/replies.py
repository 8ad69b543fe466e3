"""What to answer to a delivery."""

from collections.abc import Mapping

import attrs

__all__ = ["Reply"]


@attrs.frozen
class Reply:
    """An answer, for the framework at hand to send.

    Attributes:
        status: The HTTP status.
        body: What stands in it; nothing, as a rule.
        headers: Headers that belong to it.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
