"""The record of what arrived, for tests that count sends."""

from collections.abc import Mapping

import attrs


@attrs.define(kw_only=True)
class Received:
    """One request as it arrived; no contents are kept, and never the API key.

    It is in `Sandbox.requests` from the moment its head was read, and the later fields are filled in as they
    become known.
    """

    method: str
    path: str
    """Below the base URL, still percent-encoded, such as `/files`."""
    query: str
    headers: Mapping[str, str]
    """Names in lower case; without `authorization`."""
    request_id: str
    at: float
    """Sandbox time in seconds since the epoch."""
    body_sha256: str | None = None
    """Hex digest of the body; None until it was read to its end."""
    body_length: int = 0
    """Bytes of the body that were read."""
    file_sha256: str | None = None
    """Hex digest of the last file part; None when none was read to its end."""
    file_name: str | None = None
    file_content_type: str | None = None
    """As the client sent it."""
    status: int | None = None
    """Of the answer; None while there is none, and for ever when the connection was dropped instead."""
