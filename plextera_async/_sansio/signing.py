"""Signatures of deliveries: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>." and the raw body>`. Contract: Events guide."""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

__all__ = ["SIGNATURE_HEADER", "distrust", "header_value", "sign"]

SIGNATURE_HEADER = "x-plextera-signature"

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def sign(body: bytes, secret: str, timestamp: int) -> str:
    """Make the value of `X-Plextera-Signature` for a delivery: for tests of your own receiver.

    Args:
        body: The raw body, exactly as it is sent.
        secret: The signing secret; used as its UTF-8 bytes.
        timestamp: Unix time in whole seconds.
    """
    return f"t={timestamp},v1={_digest(body, secret, str(timestamp)).hex()}"


def _digest(body: bytes, secret: str, timestamp: str) -> bytes:
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, sha256)


def header_value(headers: Any) -> str | None:
    """Find the signature among headers of any spelling, as text or bytes; None when it is not there.

    Args:
        headers: A mapping, anything else with `items()`, or pairs. Lines of one name are joined (RFC 9110, 5.3), so that
            a delivery with two signatures that disagree is refused instead of trusted for one of them.
    """
    try:
        pairs = headers.items() if hasattr(headers, "items") else headers
        found = [_text(value) for name, value in pairs if _text(name).lower() == SIGNATURE_HEADER]
    except Exception:  # noqa: BLE001 - whatever it is that was given for headers, there is no signature in it
        return None
    return ",".join(found) if found else None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""


def distrust(body: bytes, header: str, *, secrets: Sequence[str], now: float, tolerance: float) -> str | None:
    """Say why a delivery cannot be trusted; None when it can.

    Args:
        body: The raw body.
        header: The signature header; may name several `v1`.
        secrets: Secrets, any of which may have signed it.
        now: Unix time, seconds.
        tolerance: Largest difference of the delivery's time from *now*, to both sides, seconds.
    """
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    digests = [value for name, _, value in pairs if name == "v1"]
    if len(stamps) != 1 or not _TIMESTAMP.fullmatch(stamps[0]) or not digests:
        return "the signature header is malformed"
    given = [bytes.fromhex(digest) for digest in digests if _DIGEST.fullmatch(digest)]
    expected = [_digest(body, secret, stamps[0]) for secret in secrets]
    # All are compared, so that the time taken tells nothing of which one matched, or how far.
    matches = [hmac.compare_digest(one, other) for one in given for other in expected]
    if not any(matches):
        return "the signature does not match: wrong secret, or the body is not the raw one"
    if not abs(now - int(stamps[0])) <= tolerance:
        return "the delivery is too old, or its time lies ahead"
    return None
