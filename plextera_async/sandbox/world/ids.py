"""New ids, shaped like the samples in the documentation."""

import base64
import secrets


def hex_id() -> str:
    """Make 24 hexadecimal characters: extractions, runs."""
    return secrets.token_hex(12)


def prefixed_id(prefix: str) -> str:
    """Make *prefix* and 26 upper-case alphanumerics: files and jobs of the first generation."""
    return prefix + base64.b32encode(secrets.token_bytes(17)).decode()[:26]


def request_id() -> str:
    """Make `req_` and 26 upper-case hexadecimal characters."""
    return "req_" + secrets.token_hex(13).upper()
