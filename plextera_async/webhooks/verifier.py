"""Trust: is this delivery from Plextera, and recent?"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from plextera_async._sansio.signing import distrust, header_value
from plextera_async.errors import ConfigurationError, DecodeError, WebhookVerificationError
from plextera_async.webhooks.events import WebhookEvent, read_event

__all__ = ["WebhookVerifier"]


class WebhookVerifier:
    """Verifies deliveries with one or more signing secrets, and reads them.

    Give two secrets while one is being replaced: the API has no overlap of its own.
    """

    def __init__(
        self,
        *secrets: str,
        tolerance: float = 300.0,
        max_bytes: int = 10 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make a verifier.

        Args:
            secrets: Signing secrets, at least one.
            tolerance: Largest difference between a delivery's time and ours, to both sides, seconds; 0 is strict.
            max_bytes: Largest body that is looked at.
            clock: Gives Unix time in seconds; replace it in tests.

        Raises:
            ConfigurationError: If there is no secret, an empty one, or a negative tolerance.
        """
        if not secrets or not all(_is_secret(secret) for secret in secrets):
            raise ConfigurationError("give at least one signing secret, each a non-empty str of Unicode text")
        if not _is_at_least_0(tolerance):
            raise ConfigurationError("tolerance must be a number of seconds, at least 0")
        if not _is_at_least_0(max_bytes):
            raise ConfigurationError("max_bytes must be a number of bytes, at least 0")
        self._secrets = secrets
        self._tolerance = tolerance
        self._max_bytes = max_bytes
        self._clock = clock

    def __repr__(self) -> str:
        return f"<WebhookVerifier with {len(self._secrets)} secrets>"

    @property
    def max_bytes(self) -> int:
        """The largest body that is looked at."""
        return self._max_bytes

    def verify(self, body: bytes, headers: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> WebhookEvent:
        """Check a delivery and give its event.

        Args:
            body: The raw body, before any parsing; what a framework parsed and wrote out again does not verify.
            headers: The request's headers, in any spelling: any mapping, multi-valued ones too, or pairs. Text or bytes.

        Raises:
            WebhookVerificationError: If it cannot be trusted or is no event; nothing else is ever raised, whatever
                came in. Answer 400 and tell the sender nothing more.

        Source: contract, Events guide, "signature".
        """
        raw = _raw(body)
        if len(raw) > self._max_bytes:
            raise WebhookVerificationError("the body is larger than max_bytes allows")
        header = header_value(headers)
        if header is None:
            raise WebhookVerificationError("there is no X-Plextera-Signature header")
        now = self._clock()
        reason = distrust(raw, header, secrets=self._secrets, now=now, tolerance=self._tolerance)
        if reason is not None:
            raise WebhookVerificationError(reason)
        return _read(raw)


def _is_secret(secret: object) -> bool:
    return isinstance(secret, str) and secret != "" and secret.encode(errors="replace").decode() == secret


def _is_at_least_0(number: object) -> bool:
    return isinstance(number, int | float) and number >= 0


def _raw(body: bytes) -> bytes:
    if not isinstance(body, bytes | bytearray | memoryview):
        raise WebhookVerificationError(
            f"the body must be the raw bytes of the request, not {type(body).__name__}: take it before it is parsed"
        )
    try:
        return bytes(body)
    except (ValueError, BufferError):
        raise WebhookVerificationError("the body is a memoryview that has been released") from None


def _read(body: bytes) -> WebhookEvent:
    try:
        return read_event(body)
    except DecodeError as misfit:
        reason = str(misfit)
    raise WebhookVerificationError(f"signed, but not an event: {reason}")
